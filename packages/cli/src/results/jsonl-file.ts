// Results as one line of JSON per picture: `{"file": …, "<output>": nested arrays}`. Numbers are written so that
// reading them gives the same float32 again; NaN and infinities, which JSON lacks, become null. Provenance goes into
// `<name>.jsonl.json` beside it, and every line says so when the weights are random.

import type { JsonValue, Tensor } from "@internvit/model-core";

import type { ResultFile, ResultFileOptions } from "./result-file.ts";
import { finishWithSidecar } from "./sidecar.ts";
import { createTemporaryFiles, type TemporaryFile } from "./temporary-files.ts";

/** A `.jsonl` file. */
export function createJsonlFile(
  path: string,
  { synthesized, signal }: ResultFileOptions,
): ResultFile {
  const temporaries = createTemporaryFiles(path);
  const mark = synthesized === undefined ? {} : { synthesized };
  let target: TemporaryFile | undefined;
  return {
    async append(rows, sources) {
      target ??= await temporaries.create();
      for (const [index, file] of sources.entries()) {
        const line: Record<string, JsonValue> = { file, ...mark };
        for (const [name, tensor] of rows) line[name] = nestedRow(tensor, index);
        await target.append(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
      }
    },
    async finish(provenance) {
      target ??= await temporaries.create();
      return finishWithSidecar(path, { target, provenance, temporaries, signal });
    },
    [Symbol.asyncDispose]: () => temporaries[Symbol.asyncDispose](),
  };
}

/** Row `index` of a tensor as nested arrays. */
export function nestedRow(tensor: Tensor, index: number): JsonValue {
  const [count = 0, ...shape] = tensor.shape;
  const stride = tensor.data.length / Math.max(count, 1);
  const row = Array.from(tensor.data.subarray(index * stride, (index + 1) * stride), Number);
  return nest(row, shape);
}

function nest(values: readonly number[], shape: readonly number[]): JsonValue {
  const [count, ...rest] = shape;
  if (count === undefined) return values[0] ?? null;
  if (rest.length === 0) return values;
  const stride = values.length / count;
  return Array.from({ length: count }, (_, index) =>
    nest(values.slice(index * stride, (index + 1) * stride), rest),
  );
}
