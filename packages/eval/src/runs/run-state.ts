// Where a run stands, so that it can be killed at any moment: a JSON that is replaced as a whole, and the training's
// checkpoint in one of two files, of which the JSON names the one that belongs to it.

import type { TrainingSession } from "@internvit/train";

import { EvalError } from "../errors.ts";
import { isRecord } from "../protocols/protocol-hash.ts";
import { readJson, type RunStorage } from "./run-storage.ts";

const STATE = "state/state.json";
const SLOTS = ["state/a.safetensors", "state/b.safetensors"] as const;

/** Writes and reads where a run stands. */
export interface RunCheckpoints<T> {
  /** What was saved last, loaded into the session; undefined where nothing was. */
  restore(session: TrainingSession): Promise<T | undefined>;
  /** Saves both, training and facts. */
  save(session: TrainingSession, facts: T): Promise<void>;
  /** The same, unless the last time is less than `checkpointMilliseconds` ago. */
  saveSometimes(session: TrainingSession, facts: () => T): Promise<void>;
  /** Saves the facts alone, of a training that has not moved since both were saved. */
  saveFacts(facts: T): Promise<void>;
  /** The same, unless the last time is less than `checkpointMilliseconds` ago. */
  saveFactsSometimes(facts: () => T): Promise<void>;
}

/** Checkpoints in a storage; `facts` is what a run keeps beside the training, as JSON. */
export function runCheckpoints<T extends object>(
  storage: RunStorage,
  options: { readonly checkpointMilliseconds: number },
): RunCheckpoints<T> {
  let slot = 0;
  let last = performance.now();
  const due = (): boolean => performance.now() - last >= options.checkpointMilliseconds;
  const saveFacts = async (facts: T, of: number): Promise<void> => {
    // Compact, unlike what is for people: there may be a number for each step of each head.
    const text = JSON.stringify({ checkpoint: SLOTS[of], facts });
    await storage.write(STATE, new TextEncoder().encode(text));
    last = performance.now();
  };
  const save = async (session: TrainingSession, facts: T): Promise<void> => {
    const other = 1 - slot;
    await storage.write(SLOTS[other]!, await session.saveCheckpoint());
    await saveFacts(facts, other);
    slot = other;
  };
  return {
    async restore(session) {
      const state = await readJson(storage, STATE);
      if (state === undefined) return undefined;
      const checkpoint = isRecord(state) ? state["checkpoint"] : undefined;
      const found = SLOTS.findIndex((name) => name === checkpoint);
      if (!isRecord(state) || found < 0) {
        throw new EvalError("invalid-data", `${STATE}: expected the state of a run`, {
          subject: STATE,
        });
      }
      const bytes = await storage.read(SLOTS[found]!);
      if (bytes === undefined) {
        throw new EvalError("io", `${SLOTS[found]} is gone`, { subject: SLOTS[found]! });
      }
      await session.loadCheckpoint(bytes);
      slot = found;
      return state["facts"] as T;
    },
    save,
    async saveSometimes(session, facts) {
      if (due()) await save(session, facts());
    },
    saveFacts: (facts) => saveFacts(facts, slot),
    async saveFactsSometimes(facts) {
      if (due()) await saveFacts(facts(), slot);
    },
  };
}
