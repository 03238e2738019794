// What a run will do, and how long that takes, before hours are spent: counts from the protocol and the sets, times from
// a few pictures through the encoder and one step of the head.

import { elementCount, type Tensor } from "@internvit/model-core";

import { initialHead } from "../heads/initial-head.ts";
import type { HeadForm } from "../heads/probe-head.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { createEncoderPool, type EncoderPool, probeInput } from "./encoders.ts";
import { ENCODE_PICTURES } from "./feature-shards.ts";
import { gridHeads } from "./head-grid.ts";
import { gridSession, onlineSession, updatesTogether } from "./head-sessions.ts";
import type { RunCosts, RunOptions } from "./run-options.ts";
import { checkSets } from "./set-scores.ts";
import {
  checkBatch,
  choosePictures,
  picturesOfClasses,
  trainingLabels,
} from "./training-pictures.ts";

/** What a run will do. */
export interface RunPlan {
  /** Steps of the head, all epochs; 0 where nothing is trained. */
  readonly updates: number;
  /** Pictures of the training set that are trained with, held out and not used. */
  readonly train: { readonly used: number; readonly heldOut: number; readonly unused: number };
  readonly val: readonly { readonly name: string; readonly pictures: number }[];
  /** Pictures that go through the encoder, each as often as it does. */
  readonly encoded: { readonly train: number; readonly heldOut: number; readonly val: number };
  /** What is written, in bytes: kept features, checkpoints and heads. */
  readonly diskBytes: number;
  /** What is held beside the encoder, in bytes: inputs of a step or rows that are shuffled, the head and its gradients. */
  readonly memoryBytes: number;
  /** Measured here and now. */
  readonly costs: RunCosts;
  /** All of it, from nothing. */
  readonly milliseconds: number;
}

/** Pictures of the step that is measured with all tokens; its time is nearly proportional to them. */
const MEASURED_TOKENS = 16;

/**
 * The plan of a run. Nothing is written.
 *
 * @throws EvalError as `runClassification` for data that does not fit the protocol
 */
export async function planClassification(
  protocol: Protocol,
  options: Pick<RunOptions, "encoders" | "runtime" | "train" | "val" | "signal">,
): Promise<RunPlan> {
  const { train, val, signal } = options;
  checkSets(train, val);
  const labels = await trainingLabels(train);
  const encoders = createEncoderPool(options.encoders);
  const valPictures = val.reduce((sum, { length }) => sum + length, 0);
  const counts = countPictures(protocol, { labels, classes: train.classes });
  const online = protocol.kind === "online";
  const tokens = probeInput(protocol) === "tokens";
  const updates =
    protocol.kind === "neighbours" ? 0 : protocol.epochs * Math.floor(counts.used / protocol.batch);
  const encoded = {
    train: online ? updates * protocol.batch : counts.used,
    heldOut: counts.heldOut,
    val: tokens && online ? valPictures * protocol.epochs : valPictures,
  };
  const form: HeadForm = {
    kind: protocol.kind === "online" ? protocol.head : "linear",
    width: encoders.width,
    classes: train.classes.length,
    heads: options.encoders[0]!.config.numAttentionHeads,
  };
  const costs = {
    picture: await measurePicture(encoders, { output: tokens ? "tokens" : "features", signal }),
    update: updates === 0 ? 0 : await measureUpdate(protocol, { ...options, form, encoders }),
  };
  const pictures = encoded.train + encoded.heldOut + encoded.val;
  return {
    updates,
    train: { ...counts, unused: train.length - counts.used - counts.heldOut },
    val: val.map(({ name, length }) => ({ name, pictures: length })),
    encoded,
    ...bytesOf(protocol, {
      form,
      encoders,
      rows: { ...encoded, val: tokens ? 0 : valPictures },
      together: (sizes) => updatesTogether(options.runtime, { updates, ...sizes }),
    }),
    costs,
    milliseconds: pictures * costs.picture + updates * costs.update,
  };
}

function countPictures(
  protocol: Protocol,
  { labels, classes }: { readonly labels: Int32Array; readonly classes: readonly string[] },
): { readonly used: number; readonly heldOut: number } {
  switch (protocol.kind) {
    case "features": {
      const chosen = choosePictures(labels, { protocol, classes });
      return { used: chosen.train.length, heldOut: chosen.heldOut.length };
    }
    case "neighbours": {
      const { seed, perClass: most } = protocol;
      const used = picturesOfClasses(labels, { seed, most, classes: classes.length }).length;
      return { used, heldOut: 0 };
    }
    case "online":
      checkBatch(labels.length, protocol.batch);
      return { used: labels.length, heldOut: 0 };
  }
}

/** Milliseconds for each picture: black ones cost what others do. Decoding goes on meanwhile and is not in it. */
async function measurePicture(
  encoders: EncoderPool,
  options: {
    readonly output: "tokens" | "features";
    readonly signal?: AbortSignal | undefined;
  },
): Promise<number> {
  const { imageSize, size } = encoders;
  const shape = [ENCODE_PICTURES, imageSize, imageSize, 3];
  const pixels = (): Tensor<"uint8"> => ({
    dtype: "uint8",
    shape,
    data: new Uint8Array(elementCount(shape)),
  });
  const all = (): Promise<unknown> =>
    Promise.all(Array.from({ length: size }, () => encoders.encode(pixels(), options)));
  await all();
  const begin = performance.now();
  await all();
  return (performance.now() - begin) / (size * ENCODE_PICTURES);
}

function floats(...shape: readonly number[]): Tensor<"float32"> {
  return { dtype: "float32", shape, data: new Float32Array(elementCount(shape)) };
}

/** Milliseconds for each step of the head, in a session of its own. */
async function measureUpdate(
  protocol: Protocol,
  options: Pick<RunOptions, "runtime" | "signal"> & {
    readonly form: HeadForm;
    readonly encoders: EncoderPool;
  },
): Promise<number> {
  const { runtime, form, encoders, signal } = options;
  if (protocol.kind === "neighbours") return 0;
  const tokens = probeInput(protocol) === "tokens" ? encoders.tokens : undefined;
  const batch = tokens === undefined ? protocol.batch : Math.min(protocol.batch, MEASURED_TOKENS);
  const rest = { form, perEpoch: 100, signal };
  await using session =
    protocol.kind === "features"
      ? await gridSession(runtime, { ...rest, protocol })
      : await onlineSession(runtime, { ...rest, protocol: { ...protocol, batch }, tokens });
  const step = {
    ...(tokens === undefined
      ? { features: floats(batch, 2 * form.width) }
      : { tokens: floats(batch, tokens, form.width) }),
    ...(protocol.kind === "features"
      ? { labels: { dtype: "int64" as const, shape: [batch], data: new BigInt64Array(batch) } }
      : { targets: floats(batch, form.classes) }),
  };
  await session.step(step);
  const begin = performance.now();
  await session.step(step);
  return ((performance.now() - begin) * protocol.batch) / batch;
}

function bytesOf(
  protocol: Protocol,
  options: {
    readonly form: HeadForm;
    readonly encoders: EncoderPool;
    /** Pictures whose features are kept. */
    readonly rows: { readonly train: number; readonly heldOut: number; readonly val: number };
    /** Updates of a grid in one run. */
    readonly together: (sizes: {
      readonly batchBytes: number;
      readonly stateBytes: number;
    }) => number;
  },
): Pick<RunPlan, "diskBytes" | "memoryBytes"> {
  const { form, encoders, rows, together } = options;
  const row = 2 * encoders.width * Float32Array.BYTES_PER_ELEMENT;
  if (protocol.kind === "neighbours") {
    return { diskBytes: (rows.train + rows.val) * row, memoryBytes: 8192 * row };
  }
  const head = bytesOfHead(form, protocol.seed);
  const copies = 2 + (protocol.optimizer.averageDecay === null ? 0 : 1);
  if (protocol.kind === "features") {
    const state = head * copies * gridHeads(protocol).length;
    const batchBytes = protocol.batch * row;
    const updates = together({ batchBytes, stateBytes: state });
    // As it was seen: with 13 heads on 2048 numbers, 4.1 states, and 7.4 with several updates in a run, whose batches are
    // there twice, beside those of the next run.
    const gridBytes = updates === 1 ? 4 * state : 8 * state + 3 * updates * batchBytes;
    return {
      diskBytes: (rows.train + rows.heldOut + rows.val) * row + 2 * state + head,
      memoryBytes: Math.min(rows.train, protocol.shuffleRows) * row + gridBytes,
    };
  }
  const { batch } = protocol;
  const tokens = probeInput(protocol) === "tokens";
  const input = tokens ? (batch * encoders.tokens * row) / 2 : batch * row;
  return {
    diskBytes: rows.val * row + 2 * copies * head + 4 * head,
    // The session takes a copy of what it is fed, and the pooling keeps the normalised tokens.
    memoryBytes: input * (tokens ? 3 : 2) + 3 * copies * head,
  };
}

function bytesOfHead(form: HeadForm, seed: number): number {
  const { parameters, buffers } = initialHead(form, { seed });
  return Object.values({ ...parameters, ...buffers }).reduce(
    (sum, { data }) => sum + data.byteLength,
    0,
  );
}
