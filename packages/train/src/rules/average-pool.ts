// AveragePool: one averaging matrix per axis, applied transposed.

import type { Matrix } from "../floats.ts";
import { averageMatrix } from "../ops/pooling.ts";
import { adjointMaps, separable } from "../ops/separable.ts";
import { type GradientRule, intAttribute } from "../rule.ts";
import { sizeOf } from "../sizes.ts";
import { poolWindows } from "./max-pool.ts";

/** Of `[n, c, h, w]`. */
export const averagePool: GradientRule = (call) => {
  const { graph, node, input, output, upstream } = call;
  const { kernel, strides, pads } = poolWindows(call);
  const countsPadding = intAttribute(node, "count_include_pad", 0) === 1;
  const along = (axis: 0 | 1): Matrix =>
    averageMatrix(
      sizeOf(input(0), axis + 2),
      Array.from({ length: sizeOf(output, axis + 2) }, (_, window) => {
        const start = window * strides[axis]! - pads[axis]!;
        const end = start + kernel[axis]!;
        return countsPadding ? { start, end, count: kernel[axis]! } : { start, end };
      }),
    );
  return [
    () => separable(graph, upstream, adjointMaps({ vertical: along(0), horizontal: along(1) })),
  ];
};
