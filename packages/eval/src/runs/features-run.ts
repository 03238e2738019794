// `fast-linear` and its like: features once, then a grid of heads on them, the best one by pictures of the training set
// that were held out, and only with that one the sets of validation, once.

import { encodeHead } from "../heads/head-file.ts";
import type { HeadForm } from "../heads/probe-head.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { FeaturesProtocol } from "../protocols/protocol.ts";
import type { GridEntry, LearningCurve, SetResult } from "../results/result.ts";
import { curveOf } from "./curves.ts";
import { createEncoderPool } from "./encoders.ts";
import { featureBatches } from "./feature-batches.ts";
import { extractionSeconds, extractShards, extractVal } from "./feature-shards.ts";
import { bestOf, type GridHead, gridHeads } from "./head-grid.ts";
import { heldOutScores } from "./held-out-scores.ts";
import { gridSession } from "./head-sessions.ts";
import { logitsOfShards } from "./logits.ts";
import { createProgress } from "./progress.ts";
import {
  CHECKPOINT_MILLISECONDS,
  HEAD_FILE,
  type RunOptions,
  type RunOutcome,
} from "./run-options.ts";
import { runCheckpoints } from "./run-state.ts";
import { checkSets, collectScores } from "./set-scores.ts";
import { createStopwatch, type PartSeconds } from "./stopwatch.ts";
import { checkBatch, choosePictures, trainingLabels } from "./training-pictures.ts";

/** What is kept beside the training. */
interface Facts {
  /** Mean loss of each step by head. */
  readonly losses: readonly (readonly number[])[];
  /** Held-out top-1 of each epoch by head, in percent. */
  readonly heldOut: readonly (readonly number[])[];
  readonly seconds: PartSeconds;
  readonly resumed: number;
}

/** Runs the protocol, or goes on with it. */
export async function runFeatures(
  protocol: FeaturesProtocol,
  options: RunOptions,
): Promise<RunOutcome> {
  const { train, val, runtime, decode, storage, onEvent = () => {}, signal, costs } = options;
  const { checkpointMilliseconds = CHECKPOINT_MILLISECONDS } = options;
  const { batch, epochs, seed, unreadable } = protocol;
  checkSets(train, val);
  const encoders = createEncoderPool(options.encoders);
  const labels = await trainingLabels(train);
  const classes = train.classes.length;
  const chosen = choosePictures(labels, { protocol, classes: train.classes });
  const heads = gridHeads(protocol);
  const updates = epochs * Math.floor(chosen.train.length / batch);
  const progress = createProgress(
    [
      { stage: "encode-train", total: chosen.train.length, unit: "pictures", cost: costs?.picture },
      {
        stage: "encode-held-out",
        total: chosen.heldOut.length,
        unit: "pictures",
        cost: costs?.picture,
      },
      {
        stage: "encode-val",
        total: sum(val.map(({ length }) => length)),
        unit: "pictures",
        cost: costs?.picture,
      },
      { stage: "train", total: updates, unit: "updates", cost: costs?.update },
    ],
    onEvent,
  );
  const { orientation } = protocol;
  const parts = { encoders, decode, orientation, storage, progress, onEvent, signal };
  const extractTrain = (part: "train" | "held-out", pictures: Int32Array) =>
    extractShards(train, {
      ...parts,
      pictures,
      folder: `features/${part}`,
      stage: part === "train" ? "encode-train" : "encode-held-out",
      unreadable: unreadable.train === "fail" ? "fail" : "go-on",
    });
  const features = {
    train: await extractTrain("train", chosen.train),
    heldOut: await extractTrain("held-out", chosen.heldOut),
  };
  checkBatch(features.train.total, batch);
  checkBatch(features.heldOut.total, 1);
  const valFeatures = await extractVal(val, { ...parts, unreadable: unreadable.val });

  const form: HeadForm = {
    kind: protocol.head,
    width: encoders.width,
    classes,
    heads: options.encoders[0]!.config.numAttentionHeads,
  };
  const batches = featureBatches(features.train, {
    batch,
    shuffleRows: protocol.shuffleRows,
    seed,
  });
  const { perEpoch } = batches;
  await using session = await gridSession(runtime, { protocol, form, perEpoch, signal });
  const checkpoints = runCheckpoints<Facts>(storage, { checkpointMilliseconds });
  const before = await checkpoints.restore(session);
  const watch = createStopwatch(before?.seconds);
  if (before === undefined) {
    watch.add("features", extractionSeconds([features.train, features.heldOut, ...valFeatures]));
  }
  const resumed = before === undefined ? 0 : before.resumed + 1;
  const losses = before?.losses.map((row) => [...row]) ?? [];
  const heldOut = before?.heldOut.map((row) => [...row]) ?? [];
  const facts = (): Facts => ({ losses, heldOut, seconds: watch.seconds(), resumed });
  if (session.updates > 0) progress.skip("train", session.updates);

  await watch.time("training", async () => {
    // A checkpoint may stand between the last update of an epoch and its scores.
    for (let epoch = heldOut.length; epoch < epochs; epoch++) {
      for await (const next of batches.epoch(epoch, session.updates - epoch * perEpoch)) {
        const begin = performance.now();
        const step = await session.step(
          {
            features: { dtype: "float32", shape: [batch, 2 * form.width], data: next.features },
            labels: {
              dtype: "int64",
              shape: [batch],
              data: BigInt64Array.from(next.index, (index) => BigInt(labels[index]!)),
            },
          },
          { move: true, ...(signal !== undefined && { signal }) },
        );
        losses.push(heads.map(({ name }) => step.losses[name]!));
        progress.advance("train", { count: 1, milliseconds: performance.now() - begin });
        await checkpoints.saveSometimes(session, facts);
      }
      heldOut.push(
        await heldOutScores(session, { heads, shards: features.heldOut, labels, classes }),
      );
      await checkpoints.save(session, facts());
    }
  });

  const last = heldOut.at(-1)!;
  const best = bestOf(last);
  const head = heads[best]!;
  const sets = await watch.time("evaluation", async () => {
    const results: SetResult[] = [];
    for (const [at, set] of val.entries()) {
      const shards = valFeatures[at]!;
      const scores = collectScores(set, {
        classes: train.classes,
        heads: 1,
        unreadable: unreadable.val,
      });
      for await (const rows of logitsOfShards(session, { shards, heads: [head.name], signal })) {
        await scores.add(rows.index, rows.logits);
      }
      await scores.addUnreadable(shards.unreadable);
      results.push(scores.result());
    }
    return results;
  });
  const weights = Object.fromEntries(
    Object.entries(await session.weights()).flatMap(([name, tensor]) =>
      name.startsWith(`${head.name}/`) ? [[name.slice(head.name.length + 1), tensor]] : [],
    ),
  );
  const metadata = {
    protocol: await hashProtocol(protocol),
    classes: JSON.stringify(train.classes),
  };
  await storage.write(HEAD_FILE, encodeHead(weights, { updates: session.updates, metadata }));
  return {
    grid: gridEntries(heads, { last, losses: losses.slice(-perEpoch), best }),
    curves: curvesOf({ heads, losses, heldOut }),
    heads: [{ name: "raw", epoch: epochs, choice: "best held-out score of the grid" }],
    sets,
    warnings: [],
    times: watch.facts(resumed),
  };
}

function gridEntries(
  heads: readonly GridHead[],
  facts: {
    readonly last: readonly number[];
    /** Of the last epoch. */
    readonly losses: readonly (readonly number[])[];
    readonly best: number;
  },
): readonly GridEntry[] {
  const { last, losses, best } = facts;
  return heads.map(({ learningRate, weightDecay }, at) => ({
    learningRate,
    weightDecay,
    heldOut: last[at] ?? null,
    trainLoss: sum(losses.map((row) => row[at]!)) / losses.length,
    chosen: at === best,
  }));
}

function curvesOf({
  heads,
  losses,
  heldOut,
}: Pick<Facts, "losses" | "heldOut"> & {
  readonly heads: readonly GridHead[];
}): readonly LearningCurve[] {
  return heads.flatMap(({ name }, at) => [
    curveOf(
      losses.map((row) => row[at]!),
      { name: "training loss", line: name, x: "step", unit: "loss" },
    ),
    curveOf(
      heldOut.map((row) => row[at]!),
      { name: "top-1 of held-out pictures", line: name, x: "epoch", unit: "percent" },
    ),
  ]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
