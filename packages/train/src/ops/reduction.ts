// Sums, means and maxima over any axes, and softmax's logarithm.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { resolveAxis, single, sub } from "@internvit/model-core/onnx";

import { stopGradient } from "../stop-gradient.ts";
import { exp, log } from "./elementwise.ts";
import { int64s } from "./layout.ts";

/** Options of the reductions. */
export interface ReduceOptions {
  readonly axes: readonly number[];
  /** Keeps the reduced axes with the size 1. Default: true. */
  readonly keepAxes?: boolean;
}

function reduce(graph: GraphBuilder, opType: string, value: Value, options: ReduceOptions): Value {
  const { dtype, shape } = value;
  const { keepAxes = true } = options;
  const axes = options.axes.map((axis) => resolveAxis(opType, shape, axis));
  return single(
    graph.addNode({
      opType,
      inputs: [value, int64s(graph, axes)],
      attributes: { keepdims: { kind: "int", value: Number(keepAxes) } },
      outputs: [
        {
          dtype,
          shape: keepAxes
            ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
            : shape.filter((_, axis) => !axes.includes(axis)),
        },
      ],
    }),
  );
}

/** Sum over axes. */
export function reduceSum(graph: GraphBuilder, value: Value, options: ReduceOptions): Value {
  return reduce(graph, "ReduceSum", value, options);
}

/** Mean over axes. */
export function reduceMean(graph: GraphBuilder, value: Value, options: ReduceOptions): Value {
  return reduce(graph, "ReduceMean", value, options);
}

/** Maximum over axes. Its gradient is shared by equal maxima, as PyTorch's `amax` does it. */
export function reduceMax(graph: GraphBuilder, value: Value, options: ReduceOptions): Value {
  return reduce(graph, "ReduceMax", value, options);
}

/**
 * log(softmax(value)) along an axis, from operators that every execution provider has. The largest value is subtracted
 * first, so that nothing overflows; it cancels out, and no gradient goes through it.
 */
export function logSoftmax(
  graph: GraphBuilder,
  value: Value,
  { axis }: { readonly axis: number },
): Value {
  const { shifted, logTotal } = shiftedLogits(graph, value, { axis });
  return sub(graph, shifted, logTotal);
}

/** The two parts of `logSoftmax`: the value minus its largest, and ln Σ exp of that, with an axis of size 1. */
export function shiftedLogits(
  graph: GraphBuilder,
  value: Value,
  { axis }: { readonly axis: number },
): { readonly shifted: Value; readonly logTotal: Value } {
  const largest = stopGradient(graph, reduceMax(graph, value, { axes: [axis] }));
  const shifted = sub(graph, value, largest);
  const total = reduceSum(graph, exp(graph, shifted), { axes: [axis] });
  return { shifted, logTotal: log(graph, total) };
}
