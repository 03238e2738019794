// Where: the gradient goes to the branch that was taken. The condition has none.

import { scalar } from "../floats.ts";
import { where as choose } from "../ops/elementwise.ts";
import type { GradientRule } from "../rule.ts";

/** By the same condition. A choice and not a product: what was not taken may be infinite. */
export const where: GradientRule = ({ graph, input, upstream }) => {
  const zero = scalar(graph, upstream, 0);
  return [
    undefined,
    () => choose(graph, input(0), { yes: upstream, no: zero }),
    () => choose(graph, input(0), { yes: zero, no: upstream }),
  ];
};
