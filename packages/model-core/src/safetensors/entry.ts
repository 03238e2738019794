// One tensor's entry in a safetensors header.

import { describeValue, quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import { DTYPE_BYTES, type Dtype } from "../tensor.ts";
import { parseDtypeCode } from "./dtypes.ts";
import { asObject } from "./header-json.ts";

/** One tensor in a safetensors file. */
export interface SafetensorsEntry {
  readonly name: string;
  /** The element type, or undefined for one that this package cannot read. */
  readonly dtype: Dtype | undefined;
  /** The element type as the file spells it, such as `BF16`. */
  readonly dtypeCode: string;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly byteLength: number;
}

/** What an entry is parsed from. */
export interface EntrySource {
  /** The entry's JSON. */
  readonly value: unknown;
  /** First byte of the data in the file. */
  readonly dataStart: number;
  /** The file, for messages. */
  readonly subject: string;
}

const FIELDS = "dtype, shape and data_offsets";

/**
 * The entry called `name`.
 *
 * @throws ModelError `malformed` for a missing, extra or wrong-typed field, and for offsets that do not span exactly
 *   the elements of the shape.
 */
export function parseEntry(name: string, source: EntrySource): SafetensorsEntry {
  const { value, dataStart, subject } = source;
  const fail = (message: string): ModelError =>
    new ModelError("malformed", `${subject}: tensor ${quote(name)}: ${message}`, { subject });

  const object = asObject(value);
  if (object === undefined) throw fail(`expected an object, found ${describeValue(value)}`);
  const fields = new Map(Object.entries(object));
  const dtypeCode = fields.get("dtype");
  const shape = fields.get("shape");
  const offsets = fields.get("data_offsets");
  if (typeof dtypeCode !== "string") {
    throw fail(`dtype: expected a string, found ${describeValue(dtypeCode)}`);
  }
  if (!isSizeArray(shape))
    throw fail(`shape: expected whole numbers, found ${describeList(shape)}`);
  if (!isSizeArray(offsets) || offsets.length !== 2) {
    throw fail(`data_offsets: expected two whole numbers, found ${describeList(offsets)}`);
  }
  if (fields.size !== 3) throw fail(`expected ${FIELDS}, found ${fields.size} fields`);

  const [begin = 0, end = 0] = offsets;
  if (begin > end) throw fail(`data_offsets: expected begin before end, found [${begin}, ${end}]`);
  const dtype = parseDtypeCode(dtypeCode);
  if (dtype !== undefined) {
    const expected = checkedProduct(shape) * DTYPE_BYTES[dtype];
    if (!Number.isSafeInteger(expected)) throw fail(`${describeList(shape)} has too many elements`);
    if (expected !== end - begin) {
      throw fail(
        `${dtypeCode} ${describeList(shape)} takes ${expected} bytes, data_offsets span ${end - begin}`,
      );
    }
  }
  return { name, dtype, dtypeCode, shape, start: dataStart + begin, byteLength: end - begin };
}

function isSizeArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The product, or NaN as soon as it leaves the integers that a number holds exactly (a later 0 does not heal it). */
function checkedProduct(shape: readonly number[]): number {
  let product = 1;
  for (const size of shape) {
    product *= size;
    if (!Number.isSafeInteger(product)) return Number.NaN;
  }
  return product;
}

function describeList(value: unknown): string {
  if (!Array.isArray(value)) return describeValue(value);
  const items = value.slice(0, 8).map(describeValue);
  return `[${items.join(", ")}${value.length > 8 ? ", …" : ""}]`;
}
