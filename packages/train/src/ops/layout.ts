// Operators that move elements, beyond those of model-core.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { broadcastShapes, refuseShapes, resolveAxis, single } from "@internvit/model-core/onnx";

import { sizesOf } from "../sizes.ts";

/** A list of integers as the int64 constant that ONNX wants for axes, sizes and pads. */
export function int64s(graph: GraphBuilder, values: readonly number[]): Value {
  return graph.constant({
    dtype: "int64",
    shape: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
}

/** Parts of these sizes along an axis; together they are the whole axis. */
export function split(
  graph: GraphBuilder,
  value: Value,
  options: { readonly axis: number; readonly sizes: readonly number[] },
): readonly Value[] {
  const { dtype, shape } = value;
  const axis = resolveAxis("Split", shape, options.axis);
  if (options.sizes.reduce((sum, size) => sum + size, 0) !== shape[axis]) {
    refuseShapes("Split", `sizes that add up along axis ${axis}`, [shape, options.sizes]);
  }
  return graph.addNode({
    opType: "Split",
    inputs: [value, int64s(graph, options.sizes)],
    attributes: { axis: { kind: "int", value: axis } },
    outputs: options.sizes.map((size) => ({ dtype, shape: shape.with(axis, size) })),
  });
}

/** Without the given axes, which have the size 1. */
export function squeeze(graph: GraphBuilder, value: Value, axes: readonly number[]): Value {
  const { dtype, shape } = value;
  const removed = new Set(axes.map((axis) => resolveAxis("Squeeze", shape, axis)));
  if ([...removed].some((axis) => shape[axis] !== 1)) {
    refuseShapes("Squeeze", `axes of size 1 at ${axes.join(", ")}`, [shape]);
  }
  return single(
    graph.addNode({
      opType: "Squeeze",
      inputs: [value, int64s(graph, [...removed])],
      outputs: [{ dtype, shape: shape.filter((_, axis) => !removed.has(axis)) }],
    }),
  );
}

/** With axes of size 1 put in; `axes` are places in the result, ascending. */
export function unsqueeze(graph: GraphBuilder, value: Value, axes: readonly number[]): Value {
  const { dtype } = value;
  const shape = [...value.shape];
  for (const axis of axes) shape.splice(axis, 0, 1);
  return single(
    graph.addNode({
      opType: "Unsqueeze",
      inputs: [value, int64s(graph, axes)],
      outputs: [{ dtype, shape }],
    }),
  );
}

/** Repeated along its axes of size 1, and along new ones in front, to this shape. */
export function expand(graph: GraphBuilder, value: Value, sizes: readonly number[]): Value {
  const shape = broadcastShapes("Expand", value.shape, sizes);
  return single(
    graph.addNode({
      opType: "Expand",
      inputs: [value, int64s(graph, sizes)],
      outputs: [{ dtype: value.dtype, shape }],
    }),
  );
}

/** Zeros before and after each axis; the value itself where there are none. */
export function pad(
  graph: GraphBuilder,
  value: Value,
  amounts: { readonly before: readonly number[]; readonly after: readonly number[] },
  fill?: Value,
): Value {
  const { before, after } = amounts;
  if ([...before, ...after].every((amount) => amount === 0)) return value;
  const shape = sizesOf(value).map((size, axis) => size + before[axis]! + after[axis]!);
  return single(
    graph.addNode({
      opType: "Pad",
      inputs: [value, int64s(graph, [...before, ...after]), fill],
      outputs: [{ dtype: value.dtype, shape }],
    }),
  );
}

/** Every `step`-th element of `[start, end)` of some axes. */
export function strided(
  graph: GraphBuilder,
  value: Value,
  ranges: readonly {
    readonly axis: number;
    readonly start: number;
    readonly end: number;
    readonly step: number;
  }[],
): Value {
  const shape = [...sizesOf(value)];
  const whole = ranges.every(
    ({ axis, start, end, step }) => start === 0 && end === shape[axis] && step === 1,
  );
  if (whole) return value;
  for (const { axis, start, end, step } of ranges) shape[axis] = Math.ceil((end - start) / step);
  const list = (key: "start" | "end" | "axis" | "step") =>
    int64s(
      graph,
      ranges.map((range) => range[key]),
    );
  return single(
    graph.addNode({
      opType: "Slice",
      inputs: [value, list("start"), list("end"), list("axis"), list("step")],
      outputs: [{ dtype: value.dtype, shape }],
    }),
  );
}

/** The elements along some axes in reverse order. */
export function reversed(graph: GraphBuilder, value: Value, axes: readonly number[]): Value {
  const { dtype, shape } = value;
  const turned = axes.filter((axis) => shape[axis] !== 1);
  if (turned.length === 0) return value;
  const all = (number: number): Value =>
    int64s(
      graph,
      turned.map(() => number),
    );
  return single(
    graph.addNode({
      opType: "Slice",
      // From the last element to before the first one: an end below every index means that.
      inputs: [value, all(-1), all(-(2 ** 31)), int64s(graph, turned), all(-1)],
      outputs: [{ dtype, shape }],
    }),
  );
}
