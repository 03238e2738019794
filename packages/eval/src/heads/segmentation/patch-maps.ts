// Patches of an encoder's hidden states as maps.

import type { GraphBuilder, Tensor, Value } from "@internvit/model-core";
import { reshape, slice, transpose } from "@internvit/model-core/onnx";

/** Rows and columns of patches. */
export interface PatchGrid {
  readonly rows: number;
  readonly columns: number;
}

/** `[n, 1 + rows · columns, width]`, class token first → `[n, width, rows, columns]`. */
export function patchMap(graph: GraphBuilder, hidden: Value, { rows, columns }: PatchGrid): Value {
  const [pictures = 0, , width = 0] = hidden.shape;
  const patches = slice(graph, hidden, { axis: 1, start: 1, end: 1 + rows * columns });
  return reshape(graph, transpose(graph, patches, [0, 2, 1]), [pictures, width, rows, columns]);
}

/** The same without a graph, as `headOnGrids` takes it: `[n, rows, columns, width]`. */
export function withoutClassToken(
  { shape, data }: Tensor<"float32">,
  { rows, columns }: PatchGrid,
): Tensor<"float32"> {
  const [pictures = 0, tokens = 0, width = 0] = shape;
  const patches = new Float32Array(pictures * (tokens - 1) * width);
  for (let at = 0; at < pictures; at++) {
    const start = at * tokens * width;
    patches.set(data.subarray(start + width, start + tokens * width), start - at * width);
  }
  return { dtype: "float32", shape: [pictures, rows, columns, width], data: patches };
}
