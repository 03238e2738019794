// Pictures of a report come from the set that was scored, or from none.

import { EvalError } from "../../errors.ts";

/**
 * Checks that a set is the one that was scored.
 *
 * @throws EvalError `mismatch` with both lists' hashes
 */
export function checkScoredList(
  set: { readonly name: string; readonly origin: string; readonly listHash: string },
  scored: { readonly listHash: string },
): void {
  if (set.listHash === scored.listHash) return;
  throw new EvalError(
    "mismatch",
    `${set.name} at ${set.origin}: expected the list ${scored.listHash} that was scored, found ${set.listHash}`,
    { subject: set.origin },
  );
}
