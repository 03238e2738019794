// An independent reader for golden safetensors files, the plainest there is: the tests must not trust the reader they
// test.

/** One tensor of a golden file. */
export interface GoldenTensor {
  readonly dtype: "F32" | "F64" | "U8" | "I64";
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array | BigInt64Array;
}

/** A golden checkpoint with what the reference computes for it. */
export interface GoldenModel {
  readonly name: string;
  /** Path or address of the checkpoint's folder. */
  readonly location: string;
  /** The tensors of its expected.safetensors. */
  readonly expected: ReadonlyMap<string, GoldenTensor>;
}

/** All tensors of a golden safetensors file, by name. */
export function parseGoldenTensors(bytes: Uint8Array): ReadonlyMap<string, GoldenTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin))) as Record<
    string,
    { dtype: GoldenTensor["dtype"]; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, end] = entry.data_offsets;
    // Copied, so that the typed array may start at any byte of the file.
    const raw = Uint8Array.from(bytes.subarray(begin + start, begin + end)).buffer;
    let data: GoldenTensor["data"];
    if (entry.dtype === "F32") data = new Float32Array(raw);
    else if (entry.dtype === "F64") data = new Float64Array(raw);
    else if (entry.dtype === "U8") data = new Uint8Array(raw);
    else if (entry.dtype === "I64") data = new BigInt64Array(raw);
    else throw new Error(`${name}: the golden reader does not know dtype ${String(entry.dtype)}`);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data });
  }
  return tensors;
}

/** A float32 golden tensor; throws when it is not there. */
export function float32Golden(
  tensors: ReadonlyMap<string, GoldenTensor>,
  name: string,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const tensor = tensors.get(name);
  if (tensor === undefined || !(tensor.data instanceof Float32Array)) {
    throw new Error(
      `no float32 golden called ${name}; there are ${[...tensors.keys()].join(", ")}`,
    );
  }
  return { shape: tensor.shape, data: tensor.data };
}
