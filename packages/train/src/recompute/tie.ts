// A value that is there only after another one. ONNX has no operator for it, so the value is multiplied by a 1 that is
// computed from the other. The 1 is the same for every content, NaN and infinities too: one element e is taken, and
// e > e never holds. An optimizer would have to know that of a comparison to take the dependency out; ONNX Runtime's
// does not (docs/decisions/0033-recomputation-and-loops.md).

import type { GraphBuilder, Value } from "@internvit/model-core";
import { mul, reshape } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { greater, where } from "../ops/elementwise.ts";
import { strided } from "../ops/layout.ts";

/** `value`, bit for bit, computed when `after` is known. */
export function tie(graph: GraphBuilder, value: Value, after: Value): Value {
  const first = strided(
    graph,
    after,
    after.shape.map((_, axis) => ({ axis, start: 0, end: 1, step: 1 })),
  );
  const element = reshape(graph, first, []);
  const one = where(graph, greater(graph, element, element), {
    yes: scalar(graph, value, 0),
    no: scalar(graph, value, 1),
  });
  return mul(graph, value, one);
}
