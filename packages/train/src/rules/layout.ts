// Operators that keep the elements: Reshape, Squeeze, Unsqueeze, Transpose, Expand, Identity, Cast.

import { cast as castTo, reshape as reshapeTo } from "@internvit/model-core/onnx";

import { type GradientRule, intsAttribute } from "../rule.ts";
import { sizesOf } from "../sizes.ts";
import { transposed } from "../transposed.ts";

/** Back to the shape of the input; for Squeeze and Unsqueeze too. */
export const reshape: GradientRule = ({ graph, input, upstream }) => [
  () => reshapeTo(graph, upstream, sizesOf(input(0))),
];

/** By the inverse permutation. */
export const transpose: GradientRule = ({ graph, node, input, upstream }) => [
  () => {
    const axes = input(0).shape.map((_, axis) => axis);
    const permutation = intsAttribute(node, "perm", axes.toReversed());
    return transposed(
      graph,
      upstream,
      axes.map((axis) => permutation.indexOf(axis)),
    );
  },
];

/** The same; for Expand, whose repeated elements are summed by the caller, too. */
export const identity: GradientRule = ({ upstream }) => [() => upstream];

/** Back to the element type of the input. */
export const cast: GradientRule = ({ graph, input, upstream }) => [
  () => castTo(graph, upstream, input(0).dtype),
];
