// What a run is of. It stands in the run's storage, so that a run is never gone on with by another protocol, model or
// data set.

import { EvalError } from "../errors.ts";
import { type ProtocolDifference, differencesBelow } from "../protocols/differences.ts";
import { hashProtocol, isRecord } from "../protocols/protocol-hash.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { DataFacts } from "../results/result.ts";
import { readJson, writeJson } from "./run-storage.ts";
import { dataFacts, type NamedSet } from "./set-scores.ts";
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
    train: placeless(train),
    val: val.map(placeless),
  };
}

/** A set wherever it is. */
export function placeless(set: NamedSet): Omit<DataFacts, "origin"> {
  const { origin: _, ...rest } = dataFacts(set);
  return rest;
}

/** Options of `checkStorage`. */
export interface CheckStorageOptions extends Pick<
  RunOptions,
  "encoders" | "train" | "val" | "storage"
> {
  /** Whether a storage that holds this very run is gone on with. Default false: it is refused. */
  readonly resume?: boolean;
  /** What messages call the storage. Default "the storage". */
  readonly subject?: string;
}

/**
 * Compares a storage with a run: an empty one and, with `resume`, one that holds this very run are fine. Nothing is
 * written.
 *
 * @throws EvalError `mismatch` for a storage of another run, naming what differs, and for one that holds this run when
 * `resume` is false
 */
export async function checkStorage(
  protocol: Protocol,
  options: CheckStorageOptions,
): Promise<{ readonly identity: RunIdentity; readonly empty: boolean }> {
  const identity = await runIdentity(protocol, options);
  return { identity, empty: await checkIdentity(identity, options) };
}

/** The same, and the identity is noted in an empty storage. */
export async function claimStorage(
  protocol: Protocol,
  options: CheckStorageOptions,
): Promise<void> {
  await claimIdentity(await runIdentity(protocol, options), options);
}

/** Which storage, and what it may hold. */
export type ClaimOptions = Pick<CheckStorageOptions, "storage" | "resume" | "subject">;

/** `claimStorage` for a run of any task, by everything that has a say in its result as JSON. */
export async function claimIdentity(identity: object, options: ClaimOptions): Promise<void> {
  if (!(await checkIdentity(identity, options))) return;
  await writeJson(options.storage, { name: FILE, value: identity });
}

/**
 * Whether the storage is empty.
 *
 * @throws EvalError as `checkStorage`
 */
export async function checkIdentity(
  identity: object,
  { storage, resume = false, subject = "the storage" }: ClaimOptions,
): Promise<boolean> {
  const found = await readJson(storage, FILE);
  if (found === undefined) return true;
  const others = differencesBelow(JSON.parse(JSON.stringify(identity)), found, "");
  const named = others.filter(({ field }) => field !== "protocolHash");
  if (others.length > 0) {
    const list = (named.length > 0 ? named : others).slice(0, 5).flatMap(say).join("; ");
    throw new EvalError(
      "mismatch",
      `${subject} holds another run: ${list}. Another run needs another folder`,
      { subject },
    );
  }
  if (resume) return false;
  throw new EvalError(
    "mismatch",
    `${subject} holds this run already, finished or not: go on with resume (--resume), or choose another folder`,
    { subject },
  );
}

function say({ field, own, named }: ProtocolDifference): readonly string[] {
  const [here, there] = [byName(own), byName(named)];
  const below = here && there ? differencesBelow(here, there, field) : [];
  // Sets in another order have no differences of their own.
  if (below.length > 0) return below.flatMap(say);
  if (named === undefined && isRecord(own)) return [`${field} is missing there`];
  if (own === undefined && isRecord(named)) return [`${field} is missing here`];
  return [`${field} is ${short(named)} there and ${short(own)} here`];
}

/** Sets by their names, so that the one that differs is named; undefined for anything else. */
function byName(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!Array.isArray(value) || value.some((item) => typeof item?.name !== "string"))
    return undefined;
  return Object.fromEntries(value.map(({ name, ...facts }) => [name, facts]));
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
