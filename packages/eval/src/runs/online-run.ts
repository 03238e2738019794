// The report's protocols: the encoder runs on augmented pictures in every epoch, and after each one the head and its
// moving average are scored on all sets. Every picture, crop, mixture and order is a function of seed, epoch and index,
// so that a run that was killed goes on with the very same steps.

import { batchOrder, type TrainingSession } from "@internvit/train";

import { encodeHead } from "../heads/head-file.ts";
import type { HeadForm } from "../heads/probe-head.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { OnlineProtocol } from "../protocols/protocol.ts";
import type { HeadFacts, LearningCurve, SetResult } from "../results/result.ts";
import { curveOf } from "./curves.ts";
import { createEncoderPool, probeInput } from "./encoders.ts";
import { extractVal } from "./feature-shards.ts";
import { onlineSession } from "./head-sessions.ts";
import { onlineBatch } from "./online-batch.ts";
import { scoreOnline } from "./online-scores.ts";
import { createProgress } from "./progress.ts";
import type { UnreadablePicture } from "./run-events.ts";
import {
  CHECKPOINT_MILLISECONDS,
  HEAD_FILE,
  type RunOptions,
  type RunOutcome,
} from "./run-options.ts";
import { runCheckpoints } from "./run-state.ts";
import { createStopwatch, type PartSeconds } from "./stopwatch.ts";
import { checkBatch, trainingLabels } from "./training-pictures.ts";

/** What is kept beside the training. */
interface Facts {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly rates: readonly number[];
  /** Scores of all sets after each epoch: the last ones in full, of the others top-1 only. */
  readonly epochs: readonly (readonly SetResult[])[];
  /** Of the epoch whose scores are not complete. */
  readonly partial: readonly SetResult[];
  readonly unreadable: readonly UnreadablePicture[];
  readonly seconds: PartSeconds;
  readonly resumed: number;
}

/** Runs the protocol, or goes on with it. */
export async function runOnline(
  protocol: OnlineProtocol,
  options: RunOptions,
): Promise<RunOutcome> {
  const { train, val, runtime, decode, storage, onEvent = () => {}, signal, costs } = options;
  const { checkpointMilliseconds = CHECKPOINT_MILLISECONDS } = options;
  const { batch, epochs, seed, optimizer, orientation } = protocol;
  const encoders = createEncoderPool(options.encoders);
  const output = probeInput(protocol);
  const labels = await trainingLabels(train);
  const classes = train.classes.length;
  checkBatch(train.length, batch);
  const order = batchOrder({ rows: train.length, batch, seed });
  const perEpoch = Math.floor(train.length / batch);
  const valPictures = val.reduce((sum, { length }) => sum + length, 0);
  const costOfPicture = costs && costs.picture + costs.update / batch;
  const unit = "pictures";
  const progress = createProgress(
    [
      ...(output === "features"
        ? [{ stage: "encode-val", total: valPictures, unit, cost: costs?.picture } as const]
        : []),
      { stage: "train", total: epochs * perEpoch * batch, unit, cost: costOfPicture },
      ...(output === "tokens"
        ? [{ stage: "evaluate", total: epochs * valPictures, unit, cost: costs?.picture } as const]
        : []),
    ],
    onEvent,
  );
  const shards =
    output === "tokens"
      ? undefined
      : await extractVal(val, {
          encoders,
          decode,
          orientation,
          storage,
          progress,
          onEvent,
          signal,
          unreadable: protocol.unreadable.val,
        });

  const form: HeadForm = {
    kind: protocol.head,
    width: encoders.width,
    classes,
    heads: options.encoders[0]!.config.numAttentionHeads,
  };
  await using session = await onlineSession(runtime, {
    protocol,
    form,
    perEpoch,
    tokens: output === "tokens" ? encoders.tokens : undefined,
    signal,
  });
  const checkpoints = runCheckpoints<Facts>(storage, { checkpointMilliseconds });
  const before = await checkpoints.restore(session);
  const watch = createStopwatch(before?.seconds);
  const resumed = before === undefined ? 0 : before.resumed + 1;
  const [losses, norms, rates] = [
    [...(before?.losses ?? [])],
    [...(before?.norms ?? [])],
    [...(before?.rates ?? [])],
  ];
  const scored: (readonly SetResult[])[] = [...(before?.epochs ?? [])];
  let partial: SetResult[] = [...(before?.partial ?? [])];
  const unreadable = new Map(before?.unreadable.map((picture) => [picture.index, picture]));
  const facts = (): Facts => ({
    losses,
    norms,
    rates,
    epochs: scored,
    partial,
    unreadable: [...unreadable.values()],
    seconds: watch.seconds(),
    resumed,
  });
  if (session.updates > 0) progress.skip("train", session.updates * batch);
  progress.skip("evaluate", scored.length * valPictures + sizeOf(partial));

  let begin = performance.now();
  const measured = (): number => {
    const [from, now] = [begin, performance.now()];
    begin = now;
    return now - from;
  };
  for (let epoch = scored.length; epoch < epochs; epoch++) {
    await watch.time("training", async () => {
      while (session.updates < (epoch + 1) * perEpoch) {
        const { updates } = session;
        measured();
        const next = await onlineBatch(
          train,
          { epoch, batch: updates - epoch * perEpoch, pictures: order(updates) },
          {
            protocol,
            labels,
            classes,
            encoders,
            output,
            decode,
            signal,
            onChunk: (count) => progress.advance("train", { count, milliseconds: measured() }),
            onUnreadable(picture) {
              if (!unreadable.has(picture.index)) onEvent({ kind: "unreadable", picture });
              unreadable.set(picture.index, picture);
            },
          },
        );
        const step = await session.step(
          { [output]: next.input, targets: next.targets },
          signal === undefined ? {} : { signal },
        );
        losses.push(step.loss);
        norms.push(step.gradNorm);
        rates.push(step.learningRate);
        await checkpoints.saveSometimes(session, facts);
      }
    });
    await watch.time("evaluation", async () => {
      await checkpoints.save(session, facts());
      for (const [at, set] of val.entries()) {
        if (at < partial.length) continue;
        measured();
        const result = await scoreOnline(set, {
          session,
          classes: train.classes,
          averaged: optimizer.averageDecay !== null,
          unreadable: protocol.unreadable.val,
          encoders,
          output,
          decode,
          orientation,
          shards: shards?.[at],
          signal,
          onUnreadable(picture) {
            // Once is enough.
            if (epoch === 0) onEvent({ kind: "unreadable", picture });
          },
          onPictures: (count) => progress.advance("evaluate", { count, milliseconds: measured() }),
        });
        partial = [...partial, result];
        await checkpoints.save(session, facts());
      }
    });
    await saveHeads(session, { protocol, options, epoch, scored, now: partial });
    scored.push(partial);
    partial = [];
    await checkpoints.save(session, facts());
  }
  const chosen = headChoices(scored);
  return {
    grid: [],
    curves: curvesOf({ losses, norms, rates, scored }),
    heads: chosen.map(({ facts: head }) => head),
    sets: val.map((_, at) => {
      const last = scored.at(-1)![at]!;
      return {
        ...last,
        scores: chosen.map(({ epoch, head }) => scored[epoch]![at]!.scores[head]!),
      };
    }),
    warnings: [],
    times: watch.facts(resumed),
  };
}

const HEAD_NAMES = ["raw", "average"] as const;

interface HeadChoice {
  readonly facts: HeadFacts;
  /** From 0. */
  readonly epoch: number;
  /** 0: as it is; 1: averaged. */
  readonly head: number;
}

/** The heads of a result: those of the last epoch, then those of the epoch that is best on the first set. */
function headChoices(scored: readonly (readonly SetResult[])[]): readonly HeadChoice[] {
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
async function saveHeads(
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

function curvesOf({
  losses,
  norms,
  rates,
  scored,
}: Pick<Facts, "losses" | "norms" | "rates"> & {
  readonly scored: Facts["epochs"];
}): readonly LearningCurve[] {
  const sets = scored[0] ?? [];
  return [
    curveOf(losses, { name: "training loss", line: "", x: "step", unit: "loss" }),
    curveOf(norms, { name: "gradient norm", line: "", x: "step", unit: "norm" }),
    curveOf(rates, { name: "learning rate", line: "", x: "step", unit: "rate" }),
    ...sets.flatMap(({ data, scores }, at) =>
      scores.map((_, head) =>
        curveOf(
          scored.map((epoch) => epoch[at]!.scores[head]!.top1),
          { name: `top-1 of ${data.name}`, line: HEAD_NAMES[head]!, x: "epoch", unit: "percent" },
        ),
      ),
    ),
  ];
}

function sizeOf(sets: readonly SetResult[]): number {
  return sets.reduce((sum, { data }) => sum + data.length, 0);
}
