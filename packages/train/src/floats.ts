// Constants of a graph in the element type of the values that they meet.

import { float32ToFloat16, type GraphBuilder, type Value } from "@internvit/model-core";

import { TrainError } from "./errors.ts";

/** A small matrix, row-major [rows, columns]. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/** A constant in the element type of `like`, float32 or float16. */
export function floats(
  graph: GraphBuilder,
  like: Value,
  content: { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> },
): Value {
  const { shape, data } = content;
  if (like.dtype === "float32") return graph.constant({ dtype: "float32", shape, data });
  if (like.dtype === "float16") {
    return graph.constant({ dtype: "float16", shape, data: float32ToFloat16(data) });
  }
  throw new TrainError(
    "unsupported",
    `${like.name} is ${like.dtype}; gradients are float32 or float16`,
    {
      subject: like.name,
    },
  );
}

/** A number as a constant without axes. */
export function scalar(graph: GraphBuilder, like: Value, value: number): Value {
  return floats(graph, like, { shape: [], data: Float32Array.of(value) });
}

/** A matrix as a constant. */
export function matrixValue(graph: GraphBuilder, like: Value, matrix: Matrix): Value {
  return floats(graph, like, { shape: [matrix.rows, matrix.columns], data: matrix.data });
}

/** The transposed matrix. */
export function transposeMatrix({ rows, columns, data }: Matrix): Matrix {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column]!;
    }
  }
  return { rows: columns, columns: rows, data: result };
}
