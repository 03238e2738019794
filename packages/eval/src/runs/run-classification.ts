// The one way to run a protocol, whatever its kind.

import { NAMED_PROTOCOLS } from "../protocols/named-protocols.ts";
import { differences } from "../protocols/differences.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { JsonFacts, JsonValue } from "../results/json-value.ts";
import type { ProtocolFacts } from "../results/result.ts";
import { runFeatures } from "./features-run.ts";
import { runNeighbours } from "./neighbours-run.ts";
import { runOnline } from "./online-run.ts";
import { claimStorage, runIdentity } from "./run-identity.ts";
import type { RunOptions, RunOutcome } from "./run-options.ts";
import { checkSets } from "./set-scores.ts";

/** Options of `runClassification`. */
export interface RunClassificationOptions extends RunOptions {
  /** Whether a storage that holds this very run is gone on with. Default false: it is refused. */
  readonly resume?: boolean;
  /** What messages call the storage. Default "the storage". */
  readonly subject?: string;
}

/**
 * Probes an encoder by a protocol. Killed at any moment, the same call with `resume` ends with the same heads and scores
 * to the bit, on the same machine.
 *
 * @throws EvalError `mismatch` for a storage of another run and for sets of other classes, `invalid-data` for data that
 * cannot be used, `io`; TrainError `not-finite` for a training that left the range of numbers; the signal's reason
 */
export async function runClassification(
  protocol: Protocol,
  options: RunClassificationOptions,
): Promise<RunOutcome> {
  const { resume = false, subject = "the storage", storage, train, val } = options;
  options.signal?.throwIfAborted();
  checkSets(train, val);
  const identity = await runIdentity(protocol, options);
  await claimStorage(storage, { identity, resume, subject });
  switch (protocol.kind) {
    case "features":
      return runFeatures(protocol, options);
    case "online":
      return runOnline(protocol, options);
    case "neighbours":
      return runNeighbours(protocol, options);
  }
}

/** A protocol as results name it. */
export async function protocolFacts(protocol: Protocol): Promise<ProtocolFacts> {
  const named = NAMED_PROTOCOLS[protocol.name];
  const json = (value: unknown): JsonValue =>
    value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
  return {
    base: named === undefined ? null : protocol.name,
    hash: await hashProtocol(protocol),
    value: json(protocol) as JsonFacts,
    differences:
      named === undefined
        ? []
        : differences(protocol, named).map(({ field, own, named: theirs }) => ({
            field,
            own: json(own),
            named: json(theirs),
          })),
  };
}
