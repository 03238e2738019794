// The one way to run a protocol, whatever its kind.

import { isTrainError } from "@internvit/train";

import { EvalError } from "../errors.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { runFeatures } from "./features-run.ts";
import { runNeighbours } from "./neighbours-run.ts";
import { runOnline } from "./online-run.ts";
import { type CheckStorageOptions, claimStorage } from "./run-identity.ts";
import type { RunOptions, RunOutcome } from "./run-options.ts";
import { checkSets } from "./set-scores.ts";

/** Options of `runClassification`. */
export type RunClassificationOptions = RunOptions & CheckStorageOptions;

/**
 * Probes an encoder by a protocol. Killed at any moment, the same call with `resume` ends with the same heads and scores
 * to the bit, on the same machine.
 *
 * @throws EvalError `mismatch` for a storage of another run and for sets of other classes, `invalid-data` for data that
 * cannot be used, for a training that left the range of numbers and for a state that is damaged, `io`; the signal's reason
 */
export async function runClassification(
  protocol: Protocol,
  options: RunClassificationOptions,
): Promise<RunOutcome> {
  options.signal?.throwIfAborted();
  checkSets(options.train, options.val);
  await claimStorage(protocol, options);
  try {
    return await run(protocol, options);
  } catch (error) {
    if (!isTrainError(error)) throw error;
    // Callers know one class of errors for all that can go wrong with a run.
    throw new EvalError(error.code === "mismatch" ? "mismatch" : "invalid-data", error.message, {
      subject: protocol.name,
      cause: error,
    });
  }
}

function run(protocol: Protocol, options: RunOptions): Promise<RunOutcome> {
  switch (protocol.kind) {
    case "features":
      return runFeatures(protocol, options);
    case "online":
      return runOnline(protocol, options);
    case "neighbours":
      return runNeighbours(protocol, options);
  }
}
