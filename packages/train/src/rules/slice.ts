// Slice and Pad: each is the other's adjoint. The gradient of a part goes back to where its elements came from, among
// zeros.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { reshape } from "@internvit/model-core/onnx";

import { pad, strided } from "../ops/layout.ts";
import { constantInput, type GradientRule, stringAttribute, unsupportedForm } from "../rule.ts";
import { sizesOf } from "../sizes.ts";

/** Where the elements of one axis came from. */
export interface Placement {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
}

/** Constant starts and positive steps. */
export const slice: GradientRule = (call) => {
  const { graph, input, upstream } = call;
  const sizes = sizesOf(input(0));
  const starts = constantInput(call, 1) ?? [];
  const axes = constantInput(call, 3) ?? starts.map((_, axis) => axis);
  const steps = constantInput(call, 4) ?? starts.map(() => 1);
  const places = starts.map((start, index): Placement => {
    const axis = (axes[index]! + sizes.length) % sizes.length;
    const step = steps[index]!;
    if (step < 1) throw unsupportedForm(call, `a step of ${step}`);
    const size = sizes[axis]!;
    return { axis, start: Math.min(start < 0 ? Math.max(start + size, 0) : start, size), step };
  });
  return [() => placed(graph, upstream, { sizes, places })];
};

/** The part of the gradient that is not padding; constant amounts, none of them negative, of a constant. */
export const padding: GradientRule = (call) => {
  const { graph, node, input, upstream } = call;
  const mode = stringAttribute(node, "mode", "constant");
  const before = constantInput(call, 1) ?? [];
  if (mode !== "constant") throw unsupportedForm(call, `mode "${mode}"`);
  if (before.some((amount) => amount < 0)) throw unsupportedForm(call, "a negative amount");
  if (node.inputs[3]) throw unsupportedForm(call, "a choice of axes");
  const ranges = sizesOf(input(0)).map((size, axis) => {
    const start = before[axis]!;
    return { axis, start, end: start + size, step: 1 };
  });
  return [() => strided(graph, upstream, ranges)];
};

/** `value` inside zeros of the shape `sizes`: element `i` of an axis at `start + i · step`. */
export function placed(
  graph: GraphBuilder,
  value: Value,
  { sizes, places }: { readonly sizes: readonly number[]; readonly places: readonly Placement[] },
): Value {
  const before = sizes.map(() => 0);
  let spread = value;
  for (const { axis, start, step } of places) {
    before[axis] = start;
    if (step > 1) spread = spreadOut(graph, spread, { axis, step, end: sizes[axis]! - start });
  }
  const now = sizesOf(spread);
  return pad(graph, spread, {
    before,
    after: sizes.map((size, axis) => size - before[axis]! - now[axis]!),
  });
}

/** `step − 1` zeros after each element of an axis, cut at `end`. */
function spreadOut(
  graph: GraphBuilder,
  value: Value,
  { axis, step, end }: { readonly axis: number; readonly step: number; readonly end: number },
): Value {
  const sizes = sizesOf(value);
  const single = reshape(graph, value, sizes.toSpliced(axis + 1, 0, 1));
  const none = single.shape.map(() => 0);
  const padded = pad(graph, single, { before: none, after: none.with(axis + 1, step - 1) });
  const length = sizes[axis]! * step;
  const joined = reshape(graph, padded, sizes.with(axis, length));
  return strided(graph, joined, [{ axis, start: 0, end: Math.min(end, length), step: 1 }]);
}
