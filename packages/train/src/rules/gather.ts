// Gather: gradients of elements that were taken more than once are added. A product with one-hot rows does it on every
// execution provider; ScatterElements with addition is not everywhere. A single constant index is a slice.

import type { Value } from "@internvit/model-core";
import { add, cast, reshape } from "@internvit/model-core/onnx";

import { greater, where } from "../ops/elementwise.ts";
import { oneHot } from "../ops/one-hot.ts";
import { product } from "../product.ts";
import { type GradientRule, intAttribute, type RuleCall } from "../rule.ts";
import { countOf, sizesOf } from "../sizes.ts";
import { placed } from "./slice.ts";

/** Along one axis; indices may be negative, as ONNX allows. */
export const gather: GradientRule = (call) => {
  const { graph, node, input, upstream } = call;
  const sizes = sizesOf(input(0));
  const axis = (intAttribute(node, "axis", 0) + sizes.length) % sizes.length;
  const size = sizes[axis]!;
  const known = graph.tensor(input(1));
  return [
    () => {
      if (known?.data.length === 1) {
        const index = Number(known.data[0]);
        const start = index < 0 ? index + size : index;
        const kept = reshape(graph, upstream, sizes.with(axis, 1));
        return placed(graph, kept, { sizes, places: [{ axis, start, step: 1 }] });
      }
      const [before, after] = [countOf(sizes.slice(0, axis)), countOf(sizes.slice(axis + 1))];
      const indices = flatIndices(call, size);
      const count = sizesOf(indices)[0]!;
      const rows = oneHot(graph, indices, { classes: size, axis: 1, like: upstream });
      const stacked = before === 1 ? [count, after] : [before, count, after];
      const taken = reshape(graph, upstream, stacked);
      return reshape(graph, product(call, [rows, taken], { transposeLeft: true }), sizes);
    },
  ];
};

/** The indices as int32 [count], none of them negative. */
function flatIndices({ graph, input }: RuleCall, size: number): Value {
  const number = (value: number): Value =>
    graph.constant({ dtype: "int32", shape: [], data: Int32Array.of(value) });
  const indices = reshape(graph, cast(graph, input(1), "int32"), [countOf(sizesOf(input(1)))]);
  return where(graph, greater(graph, number(0), indices), {
    yes: add(graph, indices, number(size)),
    no: indices,
  });
}
