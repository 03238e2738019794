// The loss of a language model: each place predicts the token after it, and each token counts as much as its weight says
// (`lossWeight` of model-core; 0 for prompts and padding).

import type { GraphBuilder, Value } from "@internvit/model-core";
import { mul, slice } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { neg } from "../ops/elementwise.ts";
import { oneHot } from "../ops/one-hot.ts";
import { sizesOf } from "../sizes.ts";
import { quotient, total } from "./average.ts";
import { logLikelihoods, requireShape } from "./cross-entropy.ts";

/**
 * Σ weight · loss / Σ weight over the tokens from the second on, [1]; 0 when all weights are.
 *
 * @param logits [samples, tokens, vocabulary]
 * @throws TrainError `mismatch` for labels or weights of another shape than [samples, tokens], or a single token
 */
export function nextTokenLoss(
  graph: GraphBuilder,
  logits: Value,
  options: {
    /** Integers [samples, tokens]: the tokens themselves, not moved. */
    readonly labels: Value;
    /** [samples, tokens]: the weight of each token as a target. */
    readonly weights: Value;
  },
): Value {
  const { labels, weights } = options;
  const [samples = 0, tokens = 0, classes = 0] = sizesOf(logits);
  requireShape(labels, [samples, tokens], logits);
  requireShape(weights, [samples, tokens], logits);
  if (tokens < 2) {
    throw new TrainError("mismatch", `${logits.name}: next tokens need two of them, got ${tokens}`);
  }
  const before = slice(graph, logits, { axis: 1, start: 0, end: tokens - 1 });
  const after = (value: Value): Value => slice(graph, value, { axis: 1, start: 1, end: tokens });
  const targets = oneHot(graph, after(labels), { classes, axis: 2, like: logits });
  const chosen = logLikelihoods(graph, before, { targets, axis: 2 });
  const shares = after(weights);
  const sum = neg(graph, total(graph, mul(graph, chosen, shares)));
  return quotient(graph, sum, total(graph, shares));
}
