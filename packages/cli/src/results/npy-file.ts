// Results as one NumPy array (format 1.0, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
// The format has no place for provenance: it goes into `<name>.npy.json` beside the array.

import type { Dtype } from "@internvit/model-core";

import { CliError } from "../errors.ts";
import type { ResultFile, ResultFileOptions } from "./result-file.ts";
import { finishWithSidecar } from "./sidecar.ts";
import { createTemporaryFiles } from "./temporary-files.ts";
import { appendRows, movePart, type TensorPart } from "./tensor-part.ts";

/** Array data starts at a multiple of this. */
const ALIGNMENT = 64;
/** Magic, version and length of the text. */
const PREFIX_BYTES = 10;

const DESCRIPTIONS: Readonly<Partial<Record<Dtype, string>>> = {
  float32: "<f4",
  uint8: "|u1",
};

/** A `.npy` file with one tensor. */
export function createNpyFile(path: string, { signal }: ResultFileOptions): ResultFile {
  const temporaries = createTemporaryFiles(path);
  let part: TensorPart | undefined;
  return {
    async append(rows) {
      for (const [name, tensor] of rows) {
        part = await appendRows(part, { name, tensor, temporaries });
      }
    },
    async finish(provenance) {
      if (part === undefined) throw new CliError("malformed", `${path}: there are no rows`);
      const target = await temporaries.create();
      await target.append(npyHeader(part));
      await movePart(part, { target, temporaries, signal });
      return finishWithSidecar(path, { target, provenance, temporaries, signal });
    },
    [Symbol.asyncDispose]: () => temporaries[Symbol.asyncDispose](),
  };
}

/** The bytes before the data of a row-major array. */
export function npyHeader(array: {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}): Uint8Array<ArrayBuffer> {
  const description = DESCRIPTIONS[array.dtype];
  if (description === undefined) throw new Error(`no .npy type for ${array.dtype}`);
  const sizes = array.shape.map((size) => `${size},`).join(" ");
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((PREFIX_BYTES + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - PREFIX_BYTES, true);
  bytes.set(new TextEncoder().encode(text), PREFIX_BYTES);
  bytes[length - 1] = 0x0a;
  return bytes;
}
