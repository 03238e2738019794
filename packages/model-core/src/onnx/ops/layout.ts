// Operators that move elements and compute nothing.

import { ModelError } from "../../errors.ts";
import { type GraphBuilder, single, type Value } from "../builder.ts";
import type { Dimension } from "../graph.ts";
import { formatShape, refuseShapes, resolveAxis, staticElementCount } from "../shape.ts";

function int64s(graph: GraphBuilder, values: readonly number[]): Value {
  return graph.constant({
    dtype: "int64",
    shape: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
}

/** The symbolic axes of a shape, in order, in one comparable text. */
function symbols(shape: readonly Dimension[]): string {
  return shape.filter((size) => typeof size === "string").join();
}

/** The product of the axes that are numbers. */
function fixedCount(shape: readonly Dimension[]): number | undefined {
  return staticElementCount(shape.filter((size) => typeof size === "number"));
}

/**
 * The same elements in another shape. A symbolic axis may only stand where the input has the same one, at the same
 * place: it is copied, never computed.
 */
export function reshape(graph: GraphBuilder, value: Value, shape: readonly Dimension[]): Value {
  const copied = shape.every(
    (size, axis) => typeof size === "number" || value.shape[axis] === size,
  );
  if (
    !copied ||
    symbols(shape) !== symbols(value.shape) ||
    fixedCount(shape) !== fixedCount(value.shape)
  ) {
    refuseShapes("Reshape", "as many elements on both sides", [value.shape, shape]);
  }
  // In Reshape's own notation 0 copies the axis of the input.
  const target = int64s(
    graph,
    shape.map((size) => (typeof size === "string" ? 0 : size)),
  );
  return single(
    graph.addNode({
      opType: "Reshape",
      inputs: [value, target],
      outputs: [{ dtype: value.dtype, shape }],
    }),
  );
}

/** Axis `i` of the result is axis `permutation[i]` of the input. */
export function transpose(
  graph: GraphBuilder,
  value: Value,
  permutation: readonly number[],
): Value {
  const { dtype } = value;
  const shape = permutation.map((axis) => value.shape[axis]);
  const complete =
    permutation.length === value.shape.length &&
    permutation.toSorted((a, b) => a - b).every((axis, index) => axis === index);
  if (!complete) {
    refuseShapes("Transpose", `a permutation of all axes, not (${permutation.join(", ")})`, [
      value.shape,
    ]);
  }
  return single(
    graph.addNode({
      opType: "Transpose",
      inputs: [value],
      attributes: { perm: { kind: "ints", value: permutation } },
      outputs: [{ dtype, shape: shape as readonly Dimension[] }],
    }),
  );
}

/** Values one after the other along an axis; all other axes must be equal. */
export function concat(
  graph: GraphBuilder,
  values: readonly Value[],
  options: {
    readonly axis: number;
    /** Name of the joined axis when one of its parts is symbolic. */
    readonly symbol?: string;
  },
): Value {
  const first = values[0];
  if (first === undefined) {
    throw new ModelError("invalid-argument", "Concat needs at least one value, got none");
  }
  const axis = resolveAxis("Concat", first.shape, options.axis);
  const parts: Dimension[] = [];
  for (const { shape } of values) {
    const equal =
      shape.length === first.shape.length &&
      shape.every((size, other) => other === axis || size === first.shape[other]);
    if (!equal) {
      refuseShapes(
        "Concat",
        `shapes that differ only in axis ${axis}`,
        values.map((v) => v.shape),
      );
    }
    parts.push(shape[axis] ?? 0);
  }
  const joined = parts.every((part) => typeof part === "number");
  const size: Dimension | undefined = joined
    ? parts.reduce<number>((sum, part) => sum + Number(part), 0)
    : options.symbol;
  if (size === undefined) {
    throw new ModelError(
      "invalid-argument",
      `Concat of ${values.map((v) => formatShape(v.shape)).join(" and ")} along a symbolic axis needs a name for the result`,
    );
  }
  return single(
    graph.addNode({
      opType: "Concat",
      inputs: values,
      attributes: { axis: { kind: "int", value: axis } },
      outputs: [{ dtype: first.dtype, shape: first.shape.with(axis, size) }],
    }),
  );
}

/** Repeats `value` ([1, …]) along axis 0 as often as `like` is long there. */
export function expandBatch(graph: GraphBuilder, value: Value, like: Value): Value {
  const batch = like.shape[0];
  if (value.shape[0] !== 1 || batch === undefined) {
    refuseShapes("Expand", "a first axis of 1 and a batch to follow", [value.shape, like.shape]);
  }
  const size = single(
    graph.addNode({
      opType: "Shape",
      inputs: [like],
      attributes: { start: { kind: "int", value: 0 }, end: { kind: "int", value: 1 } },
      outputs: [{ dtype: "int64", shape: [1] }],
    }),
  );
  const rest = int64s(
    graph,
    value.shape.slice(1).map(() => 1),
  );
  const target = concat(graph, [size, rest], { axis: 0 });
  return single(
    graph.addNode({
      opType: "Expand",
      inputs: [value, target],
      outputs: [{ dtype: value.dtype, shape: value.shape.with(0, batch) }],
    }),
  );
}

/** The elements `[start, end)` of one axis. */
export function slice(
  graph: GraphBuilder,
  value: Value,
  options: { readonly axis: number; readonly start: number; readonly end: number },
): Value {
  const axis = resolveAxis("Slice", value.shape, options.axis);
  const size = value.shape[axis];
  const { start, end } = options;
  if (typeof size !== "number" || !(start >= 0 && start < end && end <= size)) {
    refuseShapes("Slice", `an axis ${axis} that holds [${start}, ${end})`, [value.shape]);
  }
  return single(
    graph.addNode({
      opType: "Slice",
      inputs: [value, int64s(graph, [start]), int64s(graph, [end]), int64s(graph, [axis])],
      outputs: [{ dtype: value.dtype, shape: value.shape.with(axis, end - start) }],
    }),
  );
}

/** One element of an axis; the axis is gone from the result. */
export function select(
  graph: GraphBuilder,
  value: Value,
  options: { readonly axis: number; readonly index: number },
): Value {
  const axis = resolveAxis("Gather", value.shape, options.axis);
  const size = value.shape[axis];
  if (typeof size !== "number" || !(options.index >= 0 && options.index < size)) {
    refuseShapes("Gather", `an axis ${axis} that holds index ${options.index}`, [value.shape]);
  }
  const index = graph.constant({
    dtype: "int64",
    shape: [],
    data: BigInt64Array.of(BigInt(options.index)),
  });
  return single(
    graph.addNode({
      opType: "Gather",
      inputs: [value, index],
      attributes: { axis: { kind: "int", value: axis } },
      outputs: [{ dtype: value.dtype, shape: value.shape.toSpliced(axis, 1) }],
    }),
  );
}

/** Elements of an axis by their indices, int64 [count], which take its place. */
export function gather(
  graph: GraphBuilder,
  value: Value,
  options: { readonly axis: number; readonly indices: Value },
): Value {
  const { indices } = options;
  const axis = resolveAxis("Gather", value.shape, options.axis);
  return single(
    graph.addNode({
      opType: "Gather",
      inputs: [value, indices],
      attributes: { axis: { kind: "int", value: axis } },
      outputs: [{ dtype: value.dtype, shape: value.shape.toSpliced(axis, 1, ...indices.shape) }],
    }),
  );
}
