// torch.optim.AdamW with fewer passes. Instead of the means m and v it carries M = m / (1 − β₁) and V = v / (1 − β₂), so
// that an update adds the gradient without a factor; what is left of the factors and of the bias correction is two numbers
// fed per step: with c₁ = (1 − β₁) / (1 − β₁ᵗ) and c₂ = (1 − β₂) / (1 − β₂ᵗ),
//   m̂ / (√v̂ + ε) = (c₁ / √c₂) · M / (√V + ε / √c₂).

import { add, div, mul, sqrt, sub } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { scalar } from "../floats.ts";
import { scale } from "../ops/elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { requireRange } from "./require-range.ts";

/** Options of `adamW`. */
export interface AdamWOptions {
  /** β₁ and β₂. Default: 0.9 and 0.999. */
  readonly betas?: readonly [number, number];
  /** Default: 1e-8. */
  readonly epsilon?: number;
}

/** Adam with decoupled weight decay. */
export function adamW({ betas = [0.9, 0.999], epsilon = 1e-8 }: AdamWOptions = {}): Optimizer {
  const [beta1, beta2] = betas;
  requireRange("betas[0]", beta1);
  requireRange("betas[1]", beta2);
  if (!(epsilon > 0)) {
    throw new TrainError("invalid-argument", `epsilon: expected a number above 0, got ${epsilon}`);
  }
  return {
    name: "adamw",
    settings: { beta1, beta2, epsilon },
    slots: ["firstMoment", "secondMoment"],
    scalars(step) {
      const first = (1 - beta1) / (1 - beta1 ** (step + 1));
      const second = Math.sqrt((1 - beta2) / (1 - beta2 ** (step + 1)));
      return { correction: first / second, epsilon: epsilon / second };
    },
    rates(graph, { learningRate, scalars, weightDecay }) {
      const one = scalar(graph, learningRate, 1);
      return {
        step: mul(graph, learningRate, scalars["correction"]!),
        epsilon: scalars["epsilon"]!,
        kept: sub(graph, one, scale(graph, learningRate, weightDecay)),
      };
    },
    update(graph, { parameter, gradient, slots, rates, weightDecay }) {
      const { firstMoment: oldFirst, secondMoment: oldSecond } = slots;
      const firstMoment = add(graph, scale(graph, oldFirst!, beta1), gradient);
      const square = mul(graph, gradient, gradient);
      const secondMoment = add(graph, scale(graph, oldSecond!, beta2), square);
      const divisor = add(graph, sqrt(graph, secondMoment), rates["epsilon"]!);
      const change = mul(graph, div(graph, firstMoment, divisor), rates["step"]!);
      const kept = weightDecay === 0 ? parameter : mul(graph, parameter, rates["kept"]!);
      return { parameter: sub(graph, kept, change), slots: { firstMoment, secondMoment } };
    },
  };
}
