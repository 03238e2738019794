// Plain readers for what the program writes: the tests must not trust the code they test.

import { readFileSync } from "node:fs";

/** A tensor as it stands in a file. */
export interface ReadTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array;
}

/** Tensors and metadata of a safetensors file. */
export function readSafetensors(path: string): {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, ReadTensor>;
} {
  const bytes = readFileSync(path);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(bytes.toString("utf8", 8, end));
  const tensors = new Map<string, ReadTensor>();
  for (const [name, value] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = value as {
      dtype: string;
      shape: number[];
      data_offsets: [number, number];
    };
    const raw = bytes.subarray(end + data_offsets[0], end + data_offsets[1]);
    tensors.set(name, { dtype, shape, data: toArray(raw, dtype) });
  }
  return { metadata, tensors };
}

/** The array in a .npy file. */
export function readNpy(path: string): ReadTensor {
  const bytes = readFileSync(path);
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, end);
  const fields = /^\{'descr': '(.*?)', 'fortran_order': False, 'shape': \((.*?)\), \} *\n$/.exec(
    header,
  );
  if (bytes.toString("latin1", 0, 8) !== "\x93NUMPY\x01\x00" || fields === null || end % 64 !== 0) {
    throw new Error(`not a .npy header: ${header}`);
  }
  const [, descr = "", sizes = ""] = fields;
  const dtype = { "<f4": "F32", "|u1": "U8" }[descr] ?? descr;
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  return { dtype, shape, data: toArray(bytes.subarray(end), dtype) };
}

function toArray(raw: Uint8Array, dtype: string): ReadTensor["data"] {
  const copy = Uint8Array.from(raw);
  return dtype === "F32" ? new Float32Array(copy.buffer) : copy;
}
