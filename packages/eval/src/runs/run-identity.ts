// What a run is of. It stands in the run's storage, so that a run is never gone on with by another protocol, model or
// data set.

import { EvalError } from "../errors.ts";
import { type ProtocolDifference, differencesBelow } from "../protocols/differences.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { DataFacts } from "../results/result.ts";
import { readJson, type RunStorage, writeJson } from "./run-storage.ts";
import { dataFacts } from "./set-scores.ts";
import type { RunOptions } from "./run-options.ts";

const FILE = "protocol.json";

/** Everything that has a say in the result, as JSON. */
export interface RunIdentity {
  readonly protocol: Protocol;
  /** SHA-256 of the protocol. */
  readonly protocolHash: string;
  readonly model: {
    readonly name: string;
    readonly checkpointHash: string | null;
    readonly provider: string;
    readonly dtype: string;
    readonly imageSize: readonly [number, number];
  };
  readonly train: Omit<DataFacts, "origin">;
  readonly val: readonly Omit<DataFacts, "origin">[];
}

/** The identity of a run. */
export async function runIdentity(
  protocol: Protocol,
  { encoders, train, val }: Pick<RunOptions, "encoders" | "train" | "val">,
): Promise<RunIdentity> {
  const info = encoders[0]!.info;
  const { checkpointHash = null, executionProvider: provider, dtype, inputSize } = info;
  const facts = (set: RunOptions["train"]): Omit<DataFacts, "origin"> => {
    const { origin: _, ...rest } = dataFacts(set);
    return rest;
  };
  return {
    protocol,
    protocolHash: await hashProtocol(protocol),
    model: {
      // A hash says more than a name, which may be a path that was written in another way.
      name: checkpointHash === null ? info.checkpoint : "",
      checkpointHash,
      provider,
      dtype,
      imageSize: [inputSize.height, inputSize.width],
    },
    train: facts(train),
    val: val.map(facts),
  };
}

/**
 * Notes the identity in an empty storage, or compares it with the one that is there.
 *
 * @throws EvalError `mismatch` for a storage of another run, naming what differs, and for one that holds this run when
 * `resume` is false
 */
export async function claimStorage(
  storage: RunStorage,
  options: { readonly identity: RunIdentity; readonly resume: boolean; readonly subject: string },
): Promise<void> {
  const { identity, resume, subject } = options;
  const found = await readJson(storage, FILE).catch(() => null);
  if (found === undefined) {
    await writeJson(storage, { name: FILE, value: identity });
    return;
  }
  const others = differencesBelow(JSON.parse(JSON.stringify(identity)), found, "");
  const named = others.filter(({ field }) => field !== "protocolHash");
  if (others.length > 0) {
    const list = (named.length > 0 ? named : others).slice(0, 5).map(say).join("; ");
    throw new EvalError("mismatch", `${subject} holds another run: ${list}`, { subject });
  }
  if (resume) return;
  throw new EvalError(
    "mismatch",
    `${subject} holds this run already, finished or not: resume it, or choose another folder`,
    { subject },
  );
}

function say({ field, own, named }: ProtocolDifference): string {
  const short = (value: unknown): string => {
    const text = JSON.stringify(value) ?? "nothing";
    return text.length > 80 ? `${text.slice(0, 77)}…` : text;
  };
  return `${field} is ${short(named)} there and ${short(own)} here`;
}
