// The safetensors header: 8 bytes of length (u64, little-endian), that many bytes of JSON, then the data of all
// tensors back to back (https://huggingface.co/docs/safetensors/index#format). Every rule of the format is checked
// by hand, because the header decides which bytes of the file become weights:
//
// - the length is within a limit and within the file; the JSON is UTF-8, starts with "{" and gives no name twice
//   (header-json.ts);
// - an entry has dtype, shape and data_offsets and nothing else, and its offsets span exactly its elements (entry.ts);
// - sorted by offset, the tensors cover the data from 0 to the end of the file with no hole and no overlap.
//
// The order of the entries in the JSON is free; within one entry begin > end is an error. A dtype that this package
// does not know (float8, complex) is no error here: such a tensor can be listed, and is refused when it is read.

import { describeValue, quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import { parseEntry, type SafetensorsEntry } from "./entry.ts";
import { asObject, parseHeaderJson, type JsonObject } from "./header-json.ts";

/**
 * Parsing takes up to 20 times the text in memory. A header has about 110 bytes per tensor and the largest published
 * model of the family some 40,000 tensors in all its shards. (The reference implementation stops at 100 MB.)
 */
export const MAX_HEADER_BYTES = 25_000_000;

/** What a safetensors file holds. */
export interface SafetensorsHeader {
  /** Free text that the writer added. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The tensors by name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** First byte after the header, counted from the start of the file. */
  readonly dataStart: number;
}

/** Options of the header parsers. */
export interface ParseHeaderOptions {
  /** What the bytes were read from, for messages. */
  readonly subject: string;
  /** Size of the whole file in bytes. */
  readonly fileLength: number;
}

/**
 * Where the header of a file ends, from its first 8 bytes.
 *
 * @throws ModelError `malformed` when the file is too short or the length is not possible.
 */
export function parseHeaderEnd(prefix: Uint8Array, options: ParseHeaderOptions): number {
  const { subject, fileLength } = options;
  if (fileLength < 8 || prefix.byteLength < 8) {
    const expected = "at least 8 bytes, the length of a safetensors header";
    throw malformed(
      subject,
      `expected ${expected}, found ${Math.min(fileLength, prefix.byteLength)}`,
    );
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES) {
    const expected = `a safetensors header of at most ${MAX_HEADER_BYTES} bytes`;
    throw malformed(subject, `expected ${expected}, found a length of ${length}`);
  }
  if (8 + length > fileLength) {
    throw malformed(
      subject,
      `the header says that it ends at byte ${8 + length}, but the file has ${fileLength}: it is cut off or no safetensors`,
    );
  }
  return 8 + length;
}

/**
 * The header of a safetensors file. `bytes` starts at the start of the file and holds at least the header.
 *
 * @throws ModelError `malformed` for everything that breaks the format, naming the file and the tensor.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  options: ParseHeaderOptions,
): SafetensorsHeader {
  const { subject, fileLength } = options;
  const dataStart = parseHeaderEnd(bytes, options);
  if (bytes.byteLength < dataStart) {
    throw malformed(subject, `expected ${dataStart} bytes of header, found ${bytes.byteLength}`);
  }
  const root = parseHeaderJson(bytes.subarray(8, dataStart), subject);
  const metadata = parseMetadata(root, subject);
  const entries = Object.entries(root)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => parseEntry(name, { value, dataStart, subject }));

  entries.sort((a, b) => a.start - b.start || a.byteLength - b.byteLength);
  let end = dataStart;
  for (const entry of entries) {
    if (entry.start !== end) {
      const problem =
        entry.start < end ? "overlaps the tensor before it" : "leaves a hole before it";
      throw malformed(
        subject,
        `tensor ${quote(entry.name)} ${problem}: expected it to start at byte ${end - dataStart} of the data, found ${entry.start - dataStart}`,
      );
    }
    end += entry.byteLength;
  }
  if (end !== fileLength) {
    throw malformed(
      subject,
      `expected ${end} bytes in all from the header, found a file of ${fileLength}`,
    );
  }
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])), dataStart };
}

function parseMetadata(root: JsonObject, subject: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (!Object.hasOwn(root, "__metadata__")) return metadata;
  const object = asObject(root["__metadata__"]);
  if (object === undefined) {
    const found = describeValue(root["__metadata__"]);
    throw malformed(subject, `__metadata__: expected an object, found ${found}`);
  }
  for (const [key, value] of Object.entries(object)) {
    if (typeof value !== "string") {
      const found = describeValue(value);
      throw malformed(subject, `__metadata__ ${quote(key)}: expected a string, found ${found}`);
    }
    metadata.set(key, value);
  }
  return metadata;
}

function malformed(subject: string, message: string): ModelError {
  return new ModelError("malformed", `${subject}: ${message}`, { subject });
}
