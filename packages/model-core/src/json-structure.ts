// The outline of a JSON text, found without parsing it. Parsed JSON takes up to 50 times the memory of its text
// (deep nesting, millions of empty objects), so an untrusted text is measured before JSON.parse sees it.

/** How a JSON text is built. Of a text that is not JSON, the numbers mean nothing. */
export interface JsonStructure {
  /** Keys of all objects, also those that JSON.parse drops because they come twice. */
  readonly keys: number;
  /** Objects and arrays. */
  readonly containers: number;
  /** How many of them are open at once, at most. */
  readonly depth: number;
}

/** Counts in one pass over the text, in constant memory. */
export function scanJson(text: string): JsonStructure {
  let keys = 0;
  let containers = 0;
  let open = 0;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      inString = !inString;
    } else if (inString) {
      // A backslash hides the character after it.
      if (code === 0x5c) i++;
    } else if (code === 0x3a) {
      keys++;
    } else if (code === 0x7b || code === 0x5b) {
      containers++;
      open++;
      if (open > depth) depth = open;
    } else if (code === 0x7d || code === 0x5d) {
      open--;
    }
  }
  return { keys, containers, depth };
}
