// Weights as they go into the data file, in pieces of a few megabytes: widened and transposed on the way, whole
// tensors never in memory. A transposed weight is made in bands of its rows; for each band the source is read once
// from beginning to end, which only tensors above 64 MiB (of float32) need more than once.

import {
  bfloat16ToFloat32,
  type ByteSource,
  type Dtype,
  DTYPE_BYTES,
  float16ToFloat32,
} from "@internvit/model-core";

import { RuntimeError } from "../errors.ts";
import type { FoldedWeight } from "./fold-weights.ts";
import type { DataFilePlan } from "./plan-data-file.ts";

/** Bytes that are read at once. */
const PIECE_BYTES = 8 * 2 ** 20;

/** Bytes of a transposed weight that are made at once. */
const BAND_BYTES = 64 * 2 ** 20;

/** Elements as bits. */
type Words = Uint16Array | Uint32Array;

/** Sizes in bytes, for tests with small weights. */
export interface PieceSizes {
  readonly piece?: number;
  readonly band?: number;
}

/** The bytes of the data file in order, zeros between the weights. A piece is valid until the next is asked for. */
export async function* dataFilePieces(
  plan: DataFilePlan,
  files: ReadonlyMap<string, ByteSource>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array> {
  let end = 0;
  for (const weight of plan.weights) {
    const { file } = weight.source;
    const source = files.get(file);
    if (source === undefined) throw new RuntimeError("io", `the checkpoint has no file ${file}`);
    if (weight.start > end) yield new Uint8Array(weight.start - end);
    yield* weightPieces(weight, source, options);
    end = weight.start + weight.byteLength;
  }
}

/** The bytes of a weight in order. A piece is valid until the next one is asked for. */
export async function* weightPieces(
  weight: FoldedWeight,
  source: ByteSource,
  options: { readonly signal?: AbortSignal | undefined; readonly sizes?: PieceSizes } = {},
): AsyncGenerator<Uint8Array> {
  const { signal, sizes = {} } = options;
  const { piece = PIECE_BYTES, band = BAND_BYTES } = sizes;
  const { source: stored, dtype, transposed } = weight;
  const elementBytes = DTYPE_BYTES[stored.dtype];
  const [rows = 1, columns = 1] = transposed ? stored.shape : [stored.byteLength / elementBytes, 1];
  const rowsAtOnce = Math.max(1, Math.floor(piece / (columns * elementBytes)));
  const convert = converter({
    from: stored.dtype,
    to: dtype,
    capacity: Math.min(rows, rowsAtOnce) * columns,
  });
  const readRows = async (first: number, end: number): Promise<Words> => {
    const start = stored.start + first * columns * elementBytes;
    const bytes = await source.read(start, start + (end - first) * columns * elementBytes, signal);
    return convert(bytes);
  };
  if (!transposed) {
    for (let row = 0; row < rows; row += rowsAtOnce) {
      yield bytesOf(await readRows(row, Math.min(row + rowsAtOnce, rows)));
    }
    return;
  }
  const columnsAtOnce = Math.max(1, Math.floor(band / (rows * DTYPE_BYTES[dtype])));
  const target = createWords(dtype, Math.min(columns, columnsAtOnce) * rows);
  for (let from = 0; from < columns; from += columnsAtOnce) {
    const to = Math.min(from + columnsAtOnce, columns);
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - row);
      const words = await readRows(row, row + count);
      transposeRows(words, target, { row, count, rows, columns, from, to });
    }
    yield bytesOf(target.subarray(0, (to - from) * rows));
  }
}

/** Rows that are transposed together: their lines of the source stay in the nearest cache. */
const BLOCK_ROWS = 32;

/** Puts `count` rows, the first of which is row `row`, into columns of a target that begins with column `from`. */
function transposeRows(
  source: Words,
  target: Words,
  place: {
    readonly row: number;
    readonly count: number;
    /** Size of the whole source. */
    readonly rows: number;
    readonly columns: number;
    /** The columns of the source that the target holds. */
    readonly from: number;
    readonly to: number;
  },
): void {
  const { row, count, rows, columns, from, to } = place;
  for (let block = 0; block < count; block += BLOCK_ROWS) {
    const blockEnd = Math.min(block + BLOCK_ROWS, count);
    for (let column = from; column < to; column++) {
      let s = block * columns + column;
      let t = (column - from) * rows + row + block;
      for (let r = block; r < blockEnd; r++) {
        target[t++] = source[s]!;
        s += columns;
      }
    }
  }
}

/** Turns stored bytes into the words of the target; 16-bit floats are widened exactly. The result is reused. */
function converter(options: {
  readonly from: Dtype;
  readonly to: Dtype;
  /** Elements of the largest piece. */
  readonly capacity: number;
}): (bytes: Uint8Array) => Words {
  const { from, to, capacity } = options;
  if (from === to) return (bytes) => wordsOf(bytes, DTYPE_BYTES[from]);
  if (to !== "float32" || (from !== "bfloat16" && from !== "float16")) {
    throw new RuntimeError("unsupported", `weights of type ${from} cannot be written as ${to}`);
  }
  const widen = from === "bfloat16" ? bfloat16ToFloat32 : float16ToFloat32;
  const floats = new Float32Array(capacity);
  return (bytes) => {
    const bits = wordsOf(bytes, 2) as Uint16Array;
    widen(bits, floats.subarray(0, bits.length));
    return new Uint32Array(floats.buffer, 0, bits.length);
  };
}

function createWords(dtype: Dtype, length: number): Words {
  return DTYPE_BYTES[dtype] === 2 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Bytes as words; a copy only where they do not start at a multiple of a word. */
function wordsOf(bytes: Uint8Array, wordBytes: number): Words {
  const aligned = bytes.byteOffset % wordBytes === 0 ? bytes : bytes.slice();
  const length = aligned.byteLength / wordBytes;
  return wordBytes === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, length)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, length);
}

function bytesOf(words: Words): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
