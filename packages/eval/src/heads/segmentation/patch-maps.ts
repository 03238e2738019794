// Patches of an encoder's hidden states as maps.

import type { GraphBuilder, Value } from "@internvit/model-core";
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
