// The symmetric Beta distribution, from which mixing weights are drawn.
//
// Jöhnk's method (Metrika 8, 1964): of two uniform numbers u and v, x = u^(1/alpha) and y = v^(1/alpha); where
// x + y <= 1, x / (x + y) is Beta(alpha, alpha), exactly. Otherwise both are drawn again: of 0.8's pairs 61 % are
// taken. Deviation: not NumPy's generator, so the numbers of one of its seeds cannot be had here.

import type { Random } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import { exp, log } from "./elementary-functions.ts";

/** Above, fewer than one pair in 70 would be taken. */
const MAX_ALPHA = 4;

/**
 * A number from Beta(alpha, alpha), the same in every JavaScript engine.
 *
 * @throws EvalError `invalid-argument` for an alpha that is not above 0 and at most 4
 */
export function drawBeta(random: Random, alpha: number): number {
  if (!(alpha > 0 && alpha <= MAX_ALPHA)) {
    throw new EvalError(
      "invalid-argument",
      `alpha of a Beta distribution: expected a number above 0 and at most ${MAX_ALPHA}, got ${alpha}`,
    );
  }
  if (alpha === 1) return random.uniform();
  for (;;) {
    const first = log(random.uniform()) / alpha;
    const second = log(random.uniform()) / alpha;
    // A logarithm of 0, once in 2^53, has no ratio to another one.
    if (exp(first) + exp(second) > 1 || first === -Infinity || second === -Infinity) continue;
    // x / (x + y), also where both are too small for a float64.
    return 1 / (1 + exp(second - first));
  }
}
