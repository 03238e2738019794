// The one way to run a protocol, whatever its kind.

import { isTrainError } from "@internvit/train";

import type { ClassificationSet } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { runFeatures } from "./features-run.ts";
import { runNeighbours } from "./neighbours-run.ts";
import { runOnline } from "./online-run.ts";
import type { RunEvent, UnreadablePicture } from "./run-events.ts";
import { type CheckStorageOptions, claimStorage } from "./run-identity.ts";
import type { RunOptions, RunOutcome } from "./run-options.ts";
import { checkSets } from "./set-scores.ts";
import { trainingWarnings } from "./unreadable-pictures.ts";

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
  const unreadable: UnreadablePicture[] = [];
  const onEvent = (event: RunEvent): void => {
    if (event.kind === "unreadable") unreadable.push(event.picture);
    options.onEvent?.(event);
  };
  try {
    const outcome = await run(protocol, { ...options, onEvent });
    const left = await picturesOf(options.train, unreadable);
    const replaced = protocol.kind === "online";
    return { ...outcome, warnings: [...outcome.warnings, ...trainingWarnings(left, { replaced })] };
  } catch (error) {
    if (!isTrainError(error)) throw error;
    // Callers know one class of errors for all that can go wrong with a run.
    throw new EvalError(error.code === "mismatch" ? "mismatch" : "invalid-data", error.message, {
      subject: protocol.name,
      cause: error,
    });
  }
}

/** Those of the pictures that belong to the set, each once, in its order. */
async function picturesOf(
  set: ClassificationSet,
  pictures: readonly UnreadablePicture[],
): Promise<readonly UnreadablePicture[]> {
  const found = new Map<number, UnreadablePicture>();
  for (const picture of pictures) {
    const { set: name, origin, index, key } = picture;
    if (name !== set.name || origin !== set.origin || index >= set.length) continue;
    // Sets of both parts may have the same name and place, as two lists in one folder do.
    if ((await set.picture(index)).key === key) found.set(index, picture);
  }
  return [...found.values()].sort((a, b) => a.index - b.index);
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
