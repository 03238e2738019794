// The iterations of a segmentation run, whatever they are fed, and the scorings between them. Everything is a function of
// the position in the run, so that one that was killed goes on with the very same numbers.

import { isTrainError, type Tensors } from "@internvit/train";

import { isEvalError } from "../../errors.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { mapAhead } from "../ahead.ts";
import { createProgress, type RunProgress } from "../progress.ts";
import { CHECKPOINT_MILLISECONDS, HEAD_FILE } from "../run-options.ts";
import { runCheckpoints } from "../run-state.ts";
import { dataFacts } from "../set-scores.ts";
import { createStopwatch } from "../stopwatch.ts";
import { BEST_HEAD_FILE, describeHead, headBytes } from "./head-files.ts";
import {
  curvesOf,
  firstFacts,
  headsOf,
  isBetter,
  type SegmentationFacts,
  warningsOf,
} from "./run-facts.ts";
import type { SegmentationRunOptions, SegmentationRunOutcome } from "./segmentation-run-options.ts";
import type { SegmentationTraining } from "./segmentation-training.ts";
import { scoreSet, segmentExamples } from "./set-scoring.ts";
import type { TrainingSamples } from "./training-samples.ts";

/** What the iterations of a protocol are made of. */
export interface TrainingRunOptions<T> extends Omit<SegmentationRunOptions, "openEncoders"> {
  readonly training: SegmentationTraining;
  readonly blocks: readonly number[];
  /** Encoders of a size. */
  readonly parallel: number;
  /** What a step is made of: the same for the same step, whatever was made before. */
  readonly samples: (step: number) => Promise<TrainingSamples<T>>;
  /** What of it the training is fed beside labels. */
  readonly input: (sample: T) => Promise<Tensors>;
  /** Iterations from one scoring to the next; the last one always scores. */
  readonly scoreEvery: number;
  readonly progress: RunProgress;
  /** Seconds that went by before the first iteration, and what is known from before it. */
  readonly before: Partial<SegmentationFacts> & { readonly featureSeconds?: number };
}

/** Scorings of a run. */
export function scoringsOf(iterations: number, scoreEvery: number): number {
  return Math.ceil(iterations / scoreEvery);
}

/** Progress over a run; `encoded` pictures go through the encoder first. */
export function segmentationProgress(
  protocol: SegmentationProtocol,
  options: Pick<SegmentationRunOptions, "val" | "costs" | "onEvent"> & {
    readonly scoreEvery: number;
    readonly encoded?: number;
  },
): RunProgress {
  const { val, costs, onEvent = () => {}, scoreEvery, encoded = 0 } = options;
  const { iterations } = protocol;
  const scored = scoringsOf(iterations, scoreEvery) * val.length;
  const cost = costs?.picture;
  return createProgress(
    [
      ...(encoded === 0
        ? []
        : [{ stage: "encode-train", total: encoded, unit: "pictures", cost } as const]),
      { stage: "train", total: iterations, unit: "updates", cost: costs?.iteration },
      { stage: "evaluate", total: scored, unit: "pictures", cost },
    ],
    onEvent,
  );
}

/** Trains and scores, or goes on with it. */
export async function trainAndScore<T>(
  protocol: SegmentationProtocol,
  options: TrainingRunOptions<T>,
): Promise<SegmentationRunOutcome> {
  const { training, val, storage, scoreEvery, progress, signal, onEvent = () => {} } = options;
  const { checkpointMilliseconds = CHECKPOINT_MILLISECONDS } = options;
  const { iterations, batch } = protocol;
  const { session } = training;
  const stop = signal === undefined ? {} : { signal };
  const description = await describeHead(protocol, { ...options, form: training.form });
  const checkpoints = runCheckpoints<SegmentationFacts>(storage, { checkpointMilliseconds });
  const { featureSeconds, ...begun } = options.before;
  const earlier = await checkpoints.restore(session);
  const watch = createStopwatch(earlier?.seconds);
  if (earlier === undefined && featureSeconds !== undefined) watch.add("features", featureSeconds);
  const facts: SegmentationFacts =
    earlier === undefined
      ? { ...firstFacts(), ...begun }
      : { ...earlier, resumed: earlier.resumed + 1 };
  const state = (): SegmentationFacts => ({ ...facts, seconds: watch.seconds() });
  if (session.updates > 0) progress.skip("train", session.updates);
  const scoredBefore = facts.scorings.length * val.length + (facts.partial?.meanIous.length ?? 0);
  if (scoredBefore > 0) progress.skip("evaluate", scoredBefore);

  const trainUntil = async (end: number): Promise<void> => {
    const steps = Array.from({ length: end - session.updates }, (_, at) => session.updates + at);
    let begin = performance.now();
    for await (const next of mapAhead(steps, { ahead: 1, map: options.samples })) {
      signal?.throwIfAborted();
      const input = await options.input(next.input);
      const { labels } = next;
      const step = await session.step(
        { ...input, ...training.masks(), labels },
        { move: true, ...stop },
      );
      facts.losses.push(step.loss);
      facts.norms.push(step.gradNorm);
      facts.rates.push(step.learningRate);
      facts.unlabelled += next.unlabelled;
      for (const picture of next.unreadable) {
        if (facts.unreadable.some(({ index }) => index === picture.index)) continue;
        facts.unreadable.push(picture);
        onEvent({ kind: "unreadable", picture });
      }
      const now = performance.now();
      progress.advance("train", { count: 1, milliseconds: now - begin });
      begin = now;
      await checkpoints.saveSometimes(session, state);
    }
  };

  const scoreNow = async (): Promise<void> => {
    let begin = performance.now();
    await using windows = await training.openWindows();
    const parts = { protocol, windows, decode: options.decode, signal };
    const scoring = await scoreSet(val, {
      ...parts,
      before: facts.partial,
      ahead: options.parallel,
      onUnreadable(picture) {
        // Once is enough.
        if (facts.scorings.length === 0) onEvent({ kind: "unreadable", picture });
      },
      async onPicture(now) {
        const time = performance.now();
        progress.advance("evaluate", { count: 1, milliseconds: time - begin });
        begin = time;
        await checkpoints.saveFactsSometimes(() => {
          facts.partial = now();
          return state();
        });
      },
    });
    const { score, unreadable } = scoring;
    const { meanIou, meanAccuracy, pixelAccuracy } = score;
    const bytes = await headBytes(session, description);
    await storage.write(HEAD_FILE, bytes);
    if (isBetter(score, facts.best)) {
      const { meanIous } = scoring;
      const examples = await segmentExamples(val, { ...parts, meanIous });
      await storage.write(BEST_HEAD_FILE, bytes);
      facts.best = { iteration: session.updates, score, unreadable, examples };
    }
    facts.last = score;
    facts.scorings.push({ iteration: session.updates, meanIou, meanAccuracy, pixelAccuracy });
    facts.partial = null;
    await checkpoints.saveFacts(state());
  };

  const iterationScored = (): number => facts.scorings.at(-1)?.iteration ?? 0;
  while (iterationScored() < iterations) {
    const end = Math.min(iterationScored() + scoreEvery, iterations);
    try {
      await watch.time("training", () => trainUntil(end));
    } catch (error) {
      // The last good step; the error that ended the run is the one to tell, also where it cannot be saved.
      if (isTrainError(error) || isEvalError(error))
        await checkpoints.save(session, state()).catch(() => {});
      throw error;
    }
    await watch.time("evaluation", async () => {
      if (facts.partial === null) await checkpoints.save(session, state());
      await scoreNow();
    });
  }

  const heads = headsOf(facts, val.name);
  const { unreadable, examples } = facts.best!;
  return {
    curves: curvesOf(facts, val.name),
    heads: heads.map(({ head }) => head),
    val: {
      data: dataFacts(val),
      classes: val.classes,
      scores: heads.map(({ score }) => score),
      unreadable,
      examples,
    },
    warnings: warningsOf(facts, { batch, replaced: protocol.kind === "online" }),
    times: watch.facts(facts.resumed),
  };
}
