// `fast-linear` and its like: features once, then a grid of heads on them, the best one by pictures of the training set
// that were held out, and only with that one the sets of validation, once.

import type { Tensors } from "@internvit/train";

import { encodeHead } from "../heads/head-file.ts";
import type { HeadForm } from "../heads/probe-head.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { FeaturesProtocol } from "../protocols/protocol.ts";
import type { SetResult } from "../results/result.ts";
import { oneAhead } from "./ahead.ts";
import { createEncoderPool } from "./encoders.ts";
import { type FeatureBatches, featureBatches } from "./feature-batches.ts";
import { extractionSeconds, extractShards, extractVal } from "./feature-shards.ts";
import { gridCurves, gridEntries } from "./grid-results.ts";
import { bestOf, gridHeads } from "./head-grid.ts";
import { heldOutScores } from "./held-out-scores.ts";
import { gridSession, updatesTogether } from "./head-sessions.ts";
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
  const rowBytes = features.train.width * Float32Array.BYTES_PER_ELEMENT;
  const together =
    checkpointMilliseconds === 0
      ? 1
      : updatesTogether(runtime, {
          updates,
          batchBytes: batch * rowBytes,
          stateBytes: 2 * heads.length * classes * rowBytes,
        });
  const batches = featureBatches(features.train, {
    batch,
    shuffleRows: protocol.shuffleRows,
    seed,
    together,
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
      const left = batches.epoch(epoch, session.updates - epoch * perEpoch);
      for await (const next of oneAhead(left)) {
        const begin = performance.now();
        await session.train(stepBatches(next, { batch, labels }), {
          stepsPerRun: together,
          // What is not done in one run is fed one by one, from one buffer.
          move: next.count === together,
          onStep: (step) => losses.push(heads.map(({ name }) => step.losses[name]!)),
          ...(signal !== undefined && { signal }),
        });
        const milliseconds = performance.now() - begin;
        progress.advance("train", { count: next.count, milliseconds });
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
      const heads = [head.name];
      const computed = logitsOfShards(session, { shards, heads, classes, signal });
      for await (const rows of oneAhead(computed)) {
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
    curves: gridCurves({ heads, losses, heldOut }),
    heads: [{ name: "raw", epoch: epochs, choice: "best held-out score of the grid" }],
    sets,
    warnings: [],
    times: watch.facts(resumed),
  };
}

/** What the session is fed for each of the batches. */
function stepBatches(
  { count, features, index }: FeatureBatches,
  { batch, labels }: { readonly batch: number; readonly labels: Int32Array },
): readonly Tensors[] {
  const width = features.length / index.length;
  const fed = BigInt64Array.from(index, (picture) => BigInt(labels[picture]!));
  return Array.from({ length: count }, (_, at) => ({
    features: {
      dtype: "float32",
      shape: [batch, width],
      data: features.subarray(at * batch * width, (at + 1) * batch * width),
    },
    labels: {
      dtype: "int64",
      shape: [batch],
      data: fed.subarray(at * batch, (at + 1) * batch),
    },
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
