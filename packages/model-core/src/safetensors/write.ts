// Writes safetensors in pieces, so that a file of any size needs no copy in memory. The layout depends on the
// tensors alone: wide element types first, then by name (in UTF-16 code units), as the reference implementation
// orders them, and the header padded with spaces so that the data starts at a multiple of 8 bytes. Every tensor is
// therefore aligned to its own element.

import { quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import { DTYPE_BYTES, elementCount, type Dtype, type Tensor } from "../tensor.ts";
import { DTYPE_CODES } from "./dtypes.ts";
import type { SafetensorsEntry } from "./entry.ts";

/** A tensor that is to be written. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Options of the safetensors writers. */
export interface EncodeSafetensorsOptions {
  /** Free text for `__metadata__`; default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where everything of a file to be written stands. */
export interface SafetensorsLayout {
  /** The first bytes of the file. The data of `entries`, in their order, comes right after them. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly entries: readonly (SafetensorsEntry & { readonly dtype: Dtype })[];
  /** Size of the whole file in bytes. */
  readonly byteLength: number;
}

/**
 * The header of a file that holds these tensors.
 *
 * @throws ModelError `invalid-argument` for two tensors of one name and for one called `__metadata__`.
 */
export function encodeSafetensorsHeader(
  tensors: readonly TensorDescription[],
  { metadata }: EncodeSafetensorsOptions = {},
): SafetensorsLayout {
  const sorted = [...tensors].sort(
    (a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1),
  );
  const seen = new Set(["__metadata__"]);
  const fields: string[] = [];
  if (metadata !== undefined) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const { name, dtype, shape } of sorted) {
    if (seen.has(name)) {
      throw new ModelError("invalid-argument", `a tensor cannot be called ${quote(name)} here`);
    }
    seen.add(name);
    const end = offset + elementCount(shape) * DTYPE_BYTES[dtype];
    // Built as text: a tensor may be called "__proto__", which an object literal would swallow.
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${DTYPE_CODES[dtype]}","shape":[${shape.join(",")}],"data_offsets":[${offset},${end}]}`,
    );
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);

  let start = header.byteLength;
  const entries = sorted.map(({ name, dtype, shape }) => {
    const byteLength = elementCount(shape) * DTYPE_BYTES[dtype];
    const entry = { name, dtype, dtypeCode: DTYPE_CODES[dtype], shape, start, byteLength };
    start += byteLength;
    return entry;
  });
  return { header, entries, byteLength: start };
}

/**
 * A whole safetensors file as pieces to be written one after the other. The pieces after the first are views of the
 * tensors' own memory.
 *
 * @throws ModelError `invalid-argument` when a tensor's data does not fit its shape, and as `encodeSafetensorsHeader`.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: EncodeSafetensorsOptions = {},
): Iterable<Uint8Array> {
  const descriptions: TensorDescription[] = [];
  for (const [name, { dtype, shape, data }] of tensors) {
    if (data.byteLength !== elementCount(shape) * DTYPE_BYTES[dtype]) {
      throw new ModelError(
        "invalid-argument",
        `tensor ${quote(name)}: ${dtype} [${shape.join(", ")}] takes ${elementCount(shape)} elements, found ${data.length}`,
        { subject: name },
      );
    }
    descriptions.push({ name, dtype, shape });
  }
  const { header, entries } = encodeSafetensorsHeader(descriptions, options);
  return [
    header,
    ...entries.map(({ name }) => {
      const { data } = tensors.get(name)!;
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }),
  ];
}
