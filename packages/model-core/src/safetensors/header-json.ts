// The JSON text of a safetensors header, to an object whose names are unique. JSON.parse would keep the last of two
// equal names in silence and another reader the first, so that one file could hold different weights for the two.

import { ModelError } from "../errors.ts";
import { scanJson } from "../json-structure.ts";

/** The header, its entries, and their shapes and offsets. */
const MAX_DEPTH = 3;

/** A quarter of a million tensors with their three fields; objects of more keys take seconds to build. */
const MAX_KEYS = 1_000_000;

/** A JSON object. Its keys come from a file, so only own properties may be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON object of a header.
 *
 * @throws ModelError `malformed` when the bytes are not UTF-8, not JSON, not an object, nest deeper than a header
 *   does, or give one name twice.
 */
export function parseHeaderJson(bytes: Uint8Array, subject: string): JsonObject {
  const fail = (problem: string, cause?: unknown): ModelError =>
    new ModelError("malformed", `${subject}: the safetensors header ${problem}`, {
      subject,
      cause,
    });

  if (bytes[0] !== 0x7b)
    throw fail(`must start with "{", but its first byte is ${bytes[0] ?? "missing"}`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw fail("is not UTF-8", cause);
  }
  const written = scanJson(text);
  // Every object and array but the first is the value of a key.
  if (written.depth > MAX_DEPTH || written.containers > written.keys + 1) {
    throw fail("nests objects or arrays where none belong");
  }
  if (written.keys > MAX_KEYS) throw fail(`has ${written.keys} keys, expected at most ${MAX_KEYS}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail("is not JSON", cause);
  }
  const root = asObject(json);
  if (root === undefined) throw fail("is not a JSON object");
  if (written.keys !== countKeys(root)) throw fail("gives a name twice or nests objects too deep");
  return root;
}

/** The value itself when it is a JSON object, and neither an array nor null. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** Keys of the object and of the objects directly in it, which is where a header has keys. */
function countKeys(root: JsonObject): number {
  let count = Object.keys(root).length;
  for (const value of Object.values(root)) {
    const object = asObject(value);
    if (object !== undefined) count += Object.keys(object).length;
  }
  return count;
}
