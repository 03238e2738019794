// The loop of `embed`: batch after batch through the encoder into the result file. Memory holds one batch and a few
// pictures on their way, however many there are.

import {
  type EncoderOutput,
  featureOf,
  type Tensor,
  type VisionEncoder,
} from "@internvit/model-core";

import type { FailedEvent, Report } from "../events.ts";
import type { ResultFile } from "../results/result-file.ts";
import type { EncoderInput } from "./embed-input.ts";

/** What `encodeToFile` did. */
export interface Encoded {
  /** What each row is of, in order. */
  readonly sources: readonly string[];
  readonly failed: readonly FailedEvent[];
  /** Shape of each output, all rows. */
  readonly shapes: ReadonlyMap<EncoderOutput, readonly number[]>;
  /** Milliseconds, decoding and writing included. */
  readonly milliseconds: number;
}

/** Options of `encodeToFile`. */
export interface EncodeToFileOptions {
  readonly encoder: VisionEncoder;
  readonly result: ResultFile;
  readonly outputs: readonly EncoderOutput[];
  readonly batchSize: number;
  readonly keepGoing: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Encodes every picture of the input and appends its features; the result file stays to be finished. */
export async function encodeToFile(
  input: EncoderInput,
  options: EncodeToFileOptions,
): Promise<Encoded> {
  const { encoder, result, outputs, batchSize, keepGoing, report, signal } = options;
  const begin = performance.now();
  const sources: string[] = [];
  const failed: FailedEvent[] = [];
  const shapes = new Map<EncoderOutput, readonly number[]>();
  const showProgress = (file: string): void => {
    const done = sources.length + failed.length;
    report({ event: "progress", stage: "encode", done, total: input.total, unit: "images", file });
  };
  const onFailed = (failure: FailedEvent): void => {
    failed.push(failure);
    report(failure);
  };
  const batches = input.batches({ batchSize, onFailed: keepGoing ? onFailed : undefined });
  for await (const batch of batches) {
    const features = await encoder.encode(batch.pixels, { signal });
    const rows = new Map<EncoderOutput, Tensor>();
    for (const output of outputs) rows.set(output, featureOf(features, output));
    await result.append(rows, batch.sources);
    sources.push(...batch.sources);
    for (const [output, { shape }] of rows) {
      shapes.set(output, [sources.length, ...shape.slice(1)]);
    }
    showProgress(batch.sources.at(-1) ?? "");
  }
  return { sources, failed, shapes, milliseconds: performance.now() - begin };
}
