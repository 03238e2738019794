// Which heads of an online run are kept and scored: as it is and averaged, of the last epoch and of the best.

import type { TrainingSession } from "@internvit/train";

import { encodeHead } from "../heads/head-file.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { OnlineProtocol } from "../protocols/protocol.ts";
import type { HeadFacts, SetResult } from "../results/result.ts";
import { HEAD_FILE, type RunOptions } from "./run-options.ts";

/** Heads in the order of their scores. */
export const HEAD_NAMES: readonly string[] = ["raw", "average"];

/** A head of a result. */
export interface HeadChoice {
  readonly facts: HeadFacts;
  /** From 0. */
  readonly epoch: number;
  /** 0: as it is; 1: averaged. */
  readonly head: number;
}

/** The heads of a result: those of the last epoch, then those of the epoch that is best on the first set. */
export function headChoices(scored: readonly (readonly SetResult[])[]): readonly HeadChoice[] {
  const heads = scored[0]?.[0]?.scores.length ?? 1;
  const choices: HeadChoice[] = [];
  for (const selection of ["last epoch", "best epoch on the first set"]) {
    for (let head = 0; head < heads; head++) {
      const epoch = selection === "last epoch" ? scored.length - 1 : bestEpoch(scored, head);
      const name = HEAD_NAMES[head]!;
      choices.push({
        facts: {
          name: selection === "last epoch" ? name : `${name}, best epoch`,
          epoch: epoch + 1,
          choice: selection,
        },
        epoch,
        head,
      });
    }
  }
  return choices;
}

/** The epoch with the best top-1 on the first set, as the published code chooses; of equal ones the first. */
function bestEpoch(scored: readonly (readonly SetResult[])[], head: number): number {
  const top1 = (epoch: number): number => scored[epoch]?.[0]?.scores[head]?.top1Correct ?? 0;
  return scored.reduce((best, _, epoch) => (top1(epoch) > top1(best) ? epoch : best), 0);
}

/** Writes the heads of this epoch, and those that are the best so far. */
export async function saveHeads(
  session: TrainingSession,
  state: {
    readonly protocol: OnlineProtocol;
    readonly options: RunOptions;
    readonly epoch: number;
    readonly scored: readonly (readonly SetResult[])[];
    readonly now: readonly SetResult[];
  },
): Promise<void> {
  const { protocol, options, epoch, scored, now } = state;
  const metadata = {
    protocol: await hashProtocol(protocol),
    classes: JSON.stringify(options.train.classes),
  };
  for (let head = 0; head < (now[0]?.scores.length ?? 1); head++) {
    const weights = await session.weights({ averaged: head === 1 });
    const bytes = encodeHead(weights, { updates: session.updates, metadata });
    const suffix = head === 0 ? "" : "-average";
    await options.storage.write(HEAD_FILE.replace(".", `${suffix}.`), bytes);
    if (bestEpoch([...scored, now], head) === epoch) {
      await options.storage.write(HEAD_FILE.replace(".", `${suffix}-best.`), bytes);
    }
  }
}
