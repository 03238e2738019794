// The report's protocols: the encoder runs on augmented pictures in every epoch, and after each one the head and its
// moving average are scored on all sets. Every picture, crop, mixture and order is a function of seed, epoch and index,
// so that a run that was killed goes on with the very same steps.

import { batchOrder } from "@internvit/train";

import type { HeadForm } from "../heads/probe-head.ts";
import type { OnlineProtocol } from "../protocols/protocol.ts";
import type { SetResult } from "../results/result.ts";
import { onlineCurves } from "./curves.ts";
import { createEncoderPool, probeInput } from "./encoders.ts";
import { extractionSeconds, extractVal } from "./feature-shards.ts";
import { onlineSession } from "./head-sessions.ts";
import { onlineBatch } from "./online-batch.ts";
import { headChoices, saveHeads } from "./online-heads.ts";
import { scoreOnline } from "./online-scores.ts";
import { createProgress, type PlannedStage } from "./progress.ts";
import type { UnreadablePicture } from "./run-events.ts";
import {
  CHECKPOINT_MILLISECONDS,
  type RunCosts,
  type RunOptions,
  type RunOutcome,
} from "./run-options.ts";
import { runCheckpoints } from "./run-state.ts";
import { createStopwatch, type PartSeconds } from "./stopwatch.ts";
import { checkBatch, trainingLabels } from "./training-pictures.ts";

/** What is kept beside the training. */
interface Facts {
  /** Of each update. */
  losses: number[];
  norms: number[];
  rates: number[];
  /** Scores of all sets after each epoch. */
  epochs: (readonly SetResult[])[];
  /** Of the epoch whose scores are not complete. */
  partial: SetResult[];
  /** Training pictures whose places others took. */
  unreadable: UnreadablePicture[];
  seconds: PartSeconds;
  resumed: number;
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
  const progress = createProgress(
    onlineStages(protocol, { perEpoch, valPictures, costs }),
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
  if (before === undefined && shards !== undefined) {
    watch.add("features", extractionSeconds(shards));
  }
  const facts: Facts = {
    ...(before ?? { losses: [], norms: [], rates: [], epochs: [], partial: [], unreadable: [] }),
    seconds: {},
    resumed: before === undefined ? 0 : before.resumed + 1,
  };
  const state = (): Facts => ({ ...facts, seconds: watch.seconds() });
  for (const picture of facts.unreadable) onEvent({ kind: "unreadable", picture });
  if (session.updates > 0) progress.skip("train", session.updates * batch);
  const scoredBefore = facts.epochs.length * valPictures + sizeOf(facts.partial);
  if (scoredBefore > 0) progress.skip("evaluate", scoredBefore);

  let begin = performance.now();
  const measured = (): number => {
    const [from, now] = [begin, performance.now()];
    begin = now;
    return now - from;
  };
  for (let epoch = facts.epochs.length; epoch < epochs; epoch++) {
    measured();
    await watch.time("training", async () => {
      while (session.updates < (epoch + 1) * perEpoch) {
        const { updates } = session;
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
              if (facts.unreadable.some(({ index }) => index === picture.index)) return;
              facts.unreadable.push(picture);
              onEvent({ kind: "unreadable", picture });
            },
          },
        );
        const step = await session.step(
          { [output]: next.input, targets: next.targets },
          { move: true, ...(signal !== undefined && { signal }) },
        );
        facts.losses.push(step.loss);
        facts.norms.push(step.gradNorm);
        facts.rates.push(step.learningRate);
        await checkpoints.saveSometimes(session, state);
      }
    });
    await watch.time("evaluation", async () => {
      await checkpoints.save(session, state());
      for (const [at, set] of val.entries()) {
        if (at < facts.partial.length) continue;
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
        facts.partial.push(result);
        await checkpoints.save(session, state());
      }
    });
    const { epochs: scored, partial: now } = facts;
    await saveHeads(session, { protocol, options, epoch, scored, now });
    facts.epochs.push(now);
    facts.partial = [];
    await checkpoints.save(session, state());
  }
  const { losses, norms, rates, epochs: scored } = facts;
  const chosen = headChoices(scored);
  return {
    grid: [],
    curves: onlineCurves({ losses, norms, rates, scored }),
    heads: chosen.map(({ facts: head }) => head),
    sets: val.map((_, at) => {
      const last = scored.at(-1)![at]!;
      return {
        ...last,
        scores: chosen.map(({ epoch, head }) => scored[epoch]![at]!.scores[head]!),
      };
    }),
    warnings: [],
    times: watch.facts(facts.resumed),
  };
}

/** The work of a run, with what it is expected to take. */
function onlineStages(
  protocol: OnlineProtocol,
  work: {
    readonly perEpoch: number;
    readonly valPictures: number;
    readonly costs: RunCosts | undefined;
  },
): readonly PlannedStage[] {
  const { perEpoch, valPictures, costs } = work;
  const { epochs, batch } = protocol;
  const unit = "pictures";
  const train: PlannedStage = {
    stage: "train",
    total: epochs * perEpoch * batch,
    unit,
    cost: costs && costs.picture + costs.update / batch,
  };
  const cost = costs?.picture;
  return probeInput(protocol) === "tokens"
    ? [train, { stage: "evaluate", total: epochs * valPictures, unit, cost }]
    : [{ stage: "encode-val", total: valPictures, unit, cost }, train];
}

function sizeOf(sets: readonly SetResult[]): number {
  return sets.reduce((sum, { data }) => sum + data.length, 0);
}
