// Linear maps of the two spatial axes of a map, one matrix for each: resizing and average pooling are of this kind, and
// so are their adjoints, with the transposed matrices. Two small products are faster than the operators for it, and
// run on every execution provider.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { matMul } from "@internvit/model-core/onnx";

import { type Matrix, matrixValue, transposeMatrix } from "../floats.ts";
import { sizeOf } from "../sizes.ts";

/** One matrix for each of the last two axes, [to, from]. */
export interface AxisMaps {
  readonly vertical: Matrix;
  readonly horizontal: Matrix;
}

/** `vertical · x · horizontalᵀ` for each plane of `[…, h, w]`, the cheaper product first. */
export function separable(graph: GraphBuilder, value: Value, maps: AxisMaps): Value {
  const { vertical, horizontal } = maps;
  const [height, width] = [sizeOf(value, -2), sizeOf(value, -1)];
  const across = (x: Value): Value =>
    isIdentity(horizontal)
      ? x
      : matMul(graph, x, matrixValue(graph, value, transposeMatrix(horizontal)));
  const down = (x: Value): Value =>
    isIdentity(vertical) ? x : matMul(graph, matrixValue(graph, value, vertical), x);
  const [rows, columns] = [vertical.rows, horizontal.rows];
  const downFirst = rows * height * width + rows * width * columns;
  const acrossFirst = height * width * columns + rows * height * columns;
  return downFirst <= acrossFirst ? across(down(value)) : down(across(value));
}

/** The maps of the adjoint. */
export function adjointMaps({ vertical, horizontal }: AxisMaps): AxisMaps {
  return { vertical: transposeMatrix(vertical), horizontal: transposeMatrix(horizontal) };
}

function isIdentity({ rows, columns, data }: Matrix): boolean {
  return (
    rows === columns &&
    data.every((x, at) => x === Number(Math.floor(at / columns) === at % columns))
  );
}
