// torch.optim.SGD: momentum without dampening, the buffer starting as the first gradient (zero plus it), weight decay
// added to the gradient.

import { add, mul, sub } from "@internvit/model-core/onnx";

import { scale } from "../ops/elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { requireRange } from "./require-range.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** In [0, 1). Default: 0, no buffers. */
  readonly momentum?: number;
  /** Looks one step of momentum ahead. Default: false. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent. */
export function sgd({ momentum = 0, nesterov = false }: SgdOptions = {}): Optimizer {
  requireRange("momentum", momentum, nesterov ? Number.MIN_VALUE : 0);
  return {
    name: "sgd",
    settings: { momentum, nesterov },
    slots: momentum === 0 ? [] : ["momentum"],
    scalars: () => ({}),
    rates: (_graph, { learningRate }) => ({ learningRate }),
    update(graph, { parameter, gradient, slots, rates, weightDecay }) {
      const decayed =
        weightDecay === 0 ? gradient : add(graph, gradient, scale(graph, parameter, weightDecay));
      const moved = (direction: typeof gradient) =>
        sub(graph, parameter, mul(graph, direction, rates["learningRate"]!));
      if (momentum === 0) return { parameter: moved(decayed), slots: {} };
      const buffer = add(graph, scale(graph, slots["momentum"]!, momentum), decayed);
      const ahead = nesterov ? add(graph, decayed, scale(graph, buffer, momentum)) : buffer;
      return { parameter: moved(ahead), slots: { momentum: buffer } };
    },
  };
}
