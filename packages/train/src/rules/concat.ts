// Concat and Split: each is the other's adjoint.

import type { Value } from "@internvit/model-core";
import { concat as join } from "@internvit/model-core/onnx";

import { floats } from "../floats.ts";
import { expand, strided } from "../ops/layout.ts";
import { type GradientRule, intAttribute } from "../rule.ts";
import { sizeOf, sizesOf } from "../sizes.ts";

/** The part of each input. */
export const concat: GradientRule = ({ graph, node, input, upstream }) => {
  const rank = upstream.shape.length;
  const axis = (intAttribute(node, "axis", 0) + rank) % rank;
  let end = 0;
  return node.inputs.map((_, index) => {
    const start = end;
    end += sizeOf(input(index), axis);
    const range = { axis, start, end, step: 1 };
    return () => strided(graph, upstream, [range]);
  });
};

/** The parts one after the other, with zeros for those that the loss does not need. */
export const split: GradientRule = ({ graph, node, input, upstreams }) => [
  () => {
    const parts = node.outputs.map(
      (name, index): Value =>
        upstreams[index] ??
        expand(
          graph,
          floats(graph, input(0), { shape: [], data: new Float32Array(1) }),
          sizesOf(graph.value(name)),
        ),
    );
    return join(graph, parts, { axis: intAttribute(node, "axis", 0) });
  },
];
