// From the pipeline to the writer's thread: each batch to its shard, a few of them ahead, and word of how far it is.

import { setTimeout as sleep } from "node:timers/promises";

import { type EncoderFeatures, type EncoderOutput, featureOf } from "@internvit/model-core";

import { RuntimeError } from "../errors.ts";
import { abortable } from "../pipeline/abortable.ts";
import type { ExtractedBatch } from "../pipeline/encode-slices.ts";
import type { StageClock } from "../pipeline/stage-clock.ts";
import type { ExtractionEvent } from "./extraction-options.ts";
import type { OutputState } from "./output-state.ts";
import type { StoredOutput } from "./shard-plan.ts";
import { startWriterThread, type WriterThread } from "./writer-thread.ts";

/** Batches that the writer may be behind: one that it writes and one that lies ready. */
const MAX_UNWRITTEN = 2;
/** Longest wait for the writer when everything is to end. */
const STOP_MILLISECONDS = 1000;

/**
 * Writes the batches, which are those that `state` lacks, in order; the shards have their names after this.
 *
 * @throws RuntimeError `no-space`, `io` or `worker-lost`, and what `batches` throws; what was written before survives.
 */
export async function writeBatches(
  batches: AsyncIterable<ExtractedBatch>,
  options: {
    readonly state: OutputState;
    /** Pictures of a shard. */
    readonly shardSize: number;
    readonly outputs: readonly StoredOutput[];
    readonly clock: StageClock;
    readonly total: number;
    readonly signal: AbortSignal | undefined;
    readonly onEvent: (event: ExtractionEvent) => void;
  },
): Promise<void> {
  const { state, shardSize, outputs, clock, total, signal, onEvent } = options;
  const shards = new Map(state.unfinished.map(({ plan: shard }) => [shard.shard, shard]));
  await using writer = startWriterThread({ clock });
  const begin = performance.now();
  let { done, bad } = state;
  const unwritten: Promise<void>[] = [];
  const { guard, stopListening } = abortable(signal);
  const settle = async (most: number): Promise<void> => {
    while (unwritten.length > most) await guard(unwritten.shift() ?? Promise.resolve());
  };
  const report = (batch: ExtractedBatch): void => {
    done += batch.pictures.length + batch.bad.length;
    bad += batch.bad.length;
    for (const picture of batch.bad) onEvent({ kind: "bad", picture });
    const picturesPerSecond = ((done - state.done) / (performance.now() - begin)) * 1e3;
    const remainingMilliseconds = ((total - done) / picturesPerSecond) * 1e3;
    const loads = clock.loads();
    const progress = { done, total, bad, picturesPerSecond, remainingMilliseconds, loads };
    onEvent({ kind: "progress", progress });
  };
  try {
    for (const { plan: shard, written } of state.unfinished) {
      if (written) await guard(writer.ask({ kind: "open", plan: shard }));
    }
    let open: number | undefined;
    for await (const batch of batches) {
      const shard = Math.floor(batch.first / shardSize);
      const shardPlan = shards.get(shard);
      if (shard !== open && shardPlan !== undefined) {
        await settle(0);
        await guard(writer.ask({ kind: "open", plan: shardPlan }));
        open = shard;
      }
      const written = append(batch, { writer, outputs }).then(() => report(batch));
      // Thrown when its turn comes, or never when something else is thrown before.
      written.catch(() => {});
      unwritten.push(written);
      await settle(MAX_UNWRITTEN - 1);
    }
    await settle(0);
    await guard(writer.ask({ kind: "close" }));
  } catch (error) {
    // What is written survives; what the writer says now is less than what went wrong. It may be hashing a shard,
    // which can be done again.
    const stopped = writer.ask({ kind: "stop" }).catch(() => {});
    await Promise.race([stopped, sleep(STOP_MILLISECONDS, undefined, { ref: false })]);
    throw error;
  } finally {
    stopListening();
  }
}

async function append(
  { pictures, bad, features }: ExtractedBatch,
  { writer, outputs }: { readonly writer: WriterThread; readonly outputs: readonly StoredOutput[] },
): Promise<void> {
  const rows = pictures.length;
  const tensors =
    rows === 0
      ? []
      : outputs.map((output) => [output.name, rowsOf(features, { output, rows })] as const);
  const batch = { tensors: Object.fromEntries(tensors), rows, bad };
  return writer.ask({ kind: "append", batch });
}

/**
 * An output's rows.
 *
 * @throws RuntimeError `run-failed` when the encoder gave other shapes than for the first picture
 */
function rowsOf(
  features: EncoderFeatures,
  { output, rows }: { readonly output: StoredOutput; readonly rows: number },
): Float32Array {
  const { shape, data } = featureOf(features, output.name as EncoderOutput);
  const expected = [rows, ...output.rowShape];
  const count = expected.reduce((product, size) => product * size, 1);
  if (expected.length === shape.length && shape.every((size, i) => size === expected[i])) {
    if (data.length === count) return data;
  }
  throw new RuntimeError(
    "run-failed",
    `${output.name}: expected [${expected.join(", ")}] from the encoder, found [${shape.join(", ")}] with ${data.length} elements`,
  );
}
