// Weights of the checkpoint's files as float32.

import type { ByteSource } from "../byte-source.ts";
import type { WeightSlice } from "../checkpoint/encoder-tensors.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "../float-bits.ts";
import type { ReadWeights } from "../quantize/derived-file.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Reads whole tensors. `onBytes` hears of the bytes that were read. */
export function weightReader(
  files: ReadonlyMap<string, ByteSource>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onBytes?: (count: number) => void;
  },
): ReadWeights {
  const { signal, onBytes } = options;
  return async ({ file, start, byteLength, dtype }: WeightSlice) => {
    const source = files.get(file);
    if (source === undefined) throw new RuntimeError("io", `the checkpoint has no file ${file}`);
    const read = await source.read(start, start + byteLength, signal);
    // Its own buffer, so that words begin where words may.
    const bytes = read.byteOffset % 4 === 0 ? read : read.slice();
    onBytes?.(byteLength);
    if (dtype === "float32") {
      return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, byteLength / 4);
    }
    const bits = new Uint16Array(bytes.buffer, bytes.byteOffset, byteLength / 2);
    const values = new Float32Array(bits.length);
    if (dtype === "bfloat16") bfloat16ToFloat32(bits, values);
    else float16ToFloat32(bits, values);
    return values;
  };
}
