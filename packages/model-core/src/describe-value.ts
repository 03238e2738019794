// How a value from an untrusted file appears in an error message: short, on one line, and without walking into it
// (a hostile JSON file can be nested deeper than the stack).

const MAX_TEXT = 80;
/** Characters of one list item: a long tensor name and two shapes fit. */
const MAX_LISTED = 200;

/** A short description of a parsed JSON value, such as `"gelu"`, `-3`, `an array of 4` or `an object`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** A name in quotes with control characters escaped, cut to a length that fits a message. */
export function quote(name: string): string {
  return JSON.stringify(name.length > MAX_TEXT ? `${name.slice(0, MAX_TEXT)}…` : name);
}

/** The first ten of a list of names (or of names with a remark), and how many more there are. */
export function listNames(names: readonly string[]): string {
  const shown = names
    .slice(0, 10)
    .map((name) => (name.length > MAX_LISTED ? `${name.slice(0, MAX_LISTED)}…` : name));
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return shown.join(", ") + more;
}
