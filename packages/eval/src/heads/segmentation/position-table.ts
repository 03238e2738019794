// The position embedding brought to the grid of the crop, once, before the training: from then on the resized table is
// what is trained. Reference: resize_pos_embed in the published backbone (bicubic, class entry kept).

import type { Tensor } from "@internvit/model-core";
import { bicubicMatrix } from "@internvit/model-core/onnx";

/** `[1, 1 + from², width]` → `[1, 1 + to², width]`. Products are summed in float64 and rounded once for each axis. */
export function resizePositions(
  table: Tensor<"float32">,
  { from, to }: { readonly from: number; readonly to: number },
): Tensor<"float32"> {
  if (from === to) return table;
  const width = table.shape[2] ?? 0;
  const matrix = bicubicMatrix(from, to);
  const tall = resizeRows(table.data.subarray(width), { matrix, from, to, row: from * width });
  const data = new Float32Array((1 + to * to) * width);
  data.set(table.data.subarray(0, width));
  for (let row = 0; row < to; row++) {
    const line = tall.subarray(row * from * width, (row + 1) * from * width);
    data.set(resizeRows(line, { matrix, from, to, row: width }), (1 + row * to) * width);
  }
  return { dtype: "float32", shape: [1, 1 + to * to, width], data };
}

/** `matrix` [to, from] times `values` [from, row]. */
function resizeRows(
  values: Float32Array,
  options: {
    readonly matrix: Float32Array;
    readonly from: number;
    readonly to: number;
    readonly row: number;
  },
): Float32Array {
  const { matrix, from, to, row } = options;
  const result = new Float32Array(to * row);
  for (let out = 0; out < to; out++) {
    for (let at = 0; at < row; at++) {
      let sum = 0;
      for (let tap = 0; tap < from; tap++) {
        sum += matrix[out * from + tap]! * values[tap * row + at]!;
      }
      result[out * row + at] = sum;
    }
  }
  return result;
}
