// Pooling of maps `[n, c, h, w]`.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { refuseShapes, single } from "@internvit/model-core/onnx";

import type { Matrix } from "../floats.ts";
import { sizeOf, sizesOf } from "../sizes.ts";
import { separable } from "./separable.ts";

/** Options of `maxPool` and `averagePool`. */
export interface PoolOptions {
  readonly kernel: readonly [number, number];
  /** Default: the kernel. */
  readonly strides?: readonly [number, number];
  /** Top, left, bottom, right. Padding never wins and, in averages, is not counted. Default: none. */
  readonly pads?: readonly [number, number, number, number];
}

function pool(graph: GraphBuilder, opType: string, value: Value, options: PoolOptions): Value {
  const { kernel, strides = kernel, pads = [0, 0, 0, 0] } = options;
  const [batch, channels, ...sides] = sizesOf(value);
  const out = sides.map((side, axis) =>
    Math.floor((side + pads[axis]! + pads[axis + 2]! - kernel[axis]!) / strides[axis]! + 1),
  );
  if (out.length !== 2 || Math.min(...out) < 1) {
    refuseShapes(opType, `[n, c, h, w] at least as large as ${kernel.join(" × ")}`, [value.shape]);
  }
  return single(
    graph.addNode({
      opType,
      inputs: [value],
      attributes: {
        kernel_shape: { kind: "ints", value: kernel },
        strides: { kind: "ints", value: strides },
        pads: { kind: "ints", value: pads },
      },
      outputs: [{ dtype: value.dtype, shape: [batch!, channels!, ...out] }],
    }),
  );
}

/** The largest element of each window. Of equal ones the first in row-major order gets the gradient, as in PyTorch. */
export function maxPool(graph: GraphBuilder, value: Value, options: PoolOptions): Value {
  return pool(graph, "MaxPool", value, options);
}

/** The mean of each window. */
export function averagePool(graph: GraphBuilder, value: Value, options: PoolOptions): Value {
  return pool(graph, "AveragePool", value, options);
}

/** Means over bins ⌊i·n/s⌋ … ⌈(i+1)·n/s⌉ of each axis, s bins for n elements: PyTorch's adaptive_avg_pool2d. */
export function adaptiveAveragePool(
  graph: GraphBuilder,
  value: Value,
  size: { readonly height: number; readonly width: number },
): Value {
  return separable(graph, value, {
    vertical: adaptiveBins(sizeOf(value, -2), size.height),
    horizontal: adaptiveBins(sizeOf(value, -1), size.width),
  });
}

function adaptiveBins(from: number, to: number): Matrix {
  const bins = Array.from({ length: to }, (_, bin) => ({
    start: Math.floor((bin * from) / to),
    end: Math.ceil(((bin + 1) * from) / to),
  }));
  return averageMatrix(from, bins);
}

/** The matrix [bins, from] that averages elements `[start, end)` in each row; parts outside the axis do not count. */
export function averageMatrix(
  from: number,
  bins: readonly { readonly start: number; readonly end: number; readonly count?: number }[],
): Matrix {
  const data = new Float32Array(bins.length * from);
  for (const [row, bin] of bins.entries()) {
    const [start, end] = [Math.max(bin.start, 0), Math.min(bin.end, from)];
    data.fill(1 / (bin.count ?? end - start), row * from + start, row * from + end);
  }
  return { rows: bins.length, columns: from, data };
}
