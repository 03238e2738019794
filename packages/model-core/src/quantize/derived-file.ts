// A file of tensors that are computed from a checkpoint's: where each stands, and how it is made. The graph points
// into the file, and whoever has the file needs the checkpoint no more. Tensors start at multiples of 4 KiB, the page
// size that runtimes map files by and far more than a device asks of a weight.

import type { WeightSlice } from "../checkpoint/encoder-tensors.ts";
import { DTYPE_BYTES, elementCount } from "../tensor.ts";
import type { StoredTensorSlice } from "./linear-map.ts";

/** Tensors start at multiples of this in every weight file that is written for a runtime, in bytes. */
export const WEIGHT_ALIGNMENT = 4096;

/** Reads weights of the checkpoint as float32. The result belongs to the caller. */
export type ReadWeights = (slice: WeightSlice) => Promise<Float32Array<ArrayBuffer>>;

/** Elements of a derived tensor, little-endian. */
export type DerivedData =
  | Float32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

/** Tensors that are computed together. */
export interface DerivedGroup {
  /** In the order of the file. */
  readonly tensors: readonly StoredTensorSlice[];
  /** What `make` reads, in its order; whoever fetches weights from afar can do so ahead. */
  readonly reads: readonly WeightSlice[];
  /** The elements of each. Nothing of it is kept: one group is in memory at a time. */
  readonly make: (read: ReadWeights) => Promise<readonly DerivedData[]>;
}

/** A file under construction. */
export interface DerivedFile {
  /** Puts tensors at the end, to be computed by `make` of `reads`. */
  add<const T extends readonly DerivedTensorShape[]>(
    tensors: T,
    from: Pick<DerivedGroup, "reads" | "make">,
  ): { readonly [Index in keyof T]: StoredTensorSlice };
  readonly groups: readonly DerivedGroup[];
  /** Length so far. */
  readonly byteLength: number;
}

/** A tensor that has no place yet. */
export type DerivedTensorShape = Pick<StoredTensorSlice, "name" | "dtype" | "shape">;

/** An empty file that the graph will know as `file`. */
export function createDerivedFile(file: string): DerivedFile {
  const groups: DerivedGroup[] = [];
  let end = 0;
  return {
    groups,
    get byteLength() {
      return end;
    },
    add<const T extends readonly DerivedTensorShape[]>(
      tensors: T,
      { reads, make }: Pick<DerivedGroup, "reads" | "make">,
    ) {
      const placed = tensors.map(({ name, dtype, shape }): StoredTensorSlice => {
        const start = Math.ceil(end / WEIGHT_ALIGNMENT) * WEIGHT_ALIGNMENT;
        const byteLength = elementCount(shape) * DTYPE_BYTES[dtype];
        end = start + byteLength;
        return { name, dtype, shape, file, start, byteLength };
      });
      groups.push({ tensors: placed, reads, make });
      return placed as { readonly [Index in keyof T]: StoredTensorSlice };
    },
  };
}
