// Reads safetensors through a ByteSource: the header in two small reads, then one tensor at a time. The weights are
// never read as a whole. Files are little-endian, as is every platform that runs JavaScript engines today.

import type { ByteSource } from "../byte-source.ts";
import { quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import { type Dtype, DTYPE_BYTES, type DtypeArrays, type Tensor } from "../tensor.ts";
import { parseHeaderEnd, parseSafetensorsHeader, type SafetensorsHeader } from "./header.ts";

/** Options of `readSafetensorsHeader`. */
export interface ReadHeaderOptions {
  /** The file, for messages. */
  readonly subject: string;
  readonly signal?: AbortSignal;
}

/** Options of `readTensor`. */
export interface ReadTensorOptions {
  readonly signal?: AbortSignal;
  /** The tensor may be a view of the bytes that the source gives, where these lie right for its elements. Default: false. */
  readonly share?: boolean;
}

/** Where a tensor stands in a file; entries of a header, of a checkpoint and weight slices all are. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype | undefined;
  /** The element type as the file spells it, for messages. */
  readonly dtypeCode?: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly byteLength: number;
}

/**
 * What a safetensors file holds, without reading any weight.
 *
 * @throws ModelError `malformed` as `parseSafetensorsHeader`; what the source throws when reading fails.
 */
export async function readSafetensorsHeader(
  source: ByteSource,
  { subject, signal }: ReadHeaderOptions,
): Promise<SafetensorsHeader> {
  const options = { subject, fileLength: source.byteLength };
  const prefix = await source.read(0, Math.min(8, source.byteLength), signal);
  const end = parseHeaderEnd(prefix, options);
  return parseSafetensorsHeader(await source.read(0, end, signal), options);
}

/**
 * One tensor, copied out of the file into an array of its own unless it may share the source's.
 *
 * @throws ModelError `unsupported` for an element type that this package does not know.
 */
export async function readTensor(
  source: ByteSource,
  entry: StoredTensor,
  { signal, share = false }: ReadTensorOptions = {},
): Promise<Tensor> {
  const { name, dtype, shape, start, byteLength } = entry;
  if (dtype === undefined) {
    throw new ModelError(
      "unsupported",
      `tensor ${quote(name)}: expected an element type that this version can read, found ${entry.dtypeCode ?? "another"}`,
      { subject: name },
    );
  }
  const bytes = await source.read(start, start + byteLength, signal);
  // The bytes may start anywhere, typed arrays only at multiples of their element.
  const shared = share && bytes.byteOffset % DTYPE_BYTES[dtype] === 0;
  return { dtype, shape, data: toArray(shared ? bytes : new Uint8Array(bytes), dtype) };
}

function toArray(bytes: Uint8Array, dtype: Dtype): DtypeArrays[Dtype] {
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float64":
      return new Float64Array(buffer, byteOffset, length);
    case "float16":
    case "bfloat16":
    case "uint16":
      return new Uint16Array(buffer, byteOffset, length);
    case "int8":
      return new Int8Array(buffer, byteOffset, length);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, byteOffset, length);
    case "int16":
      return new Int16Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, length);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, length);
  }
}
