// `internvit extract`: features of any number of pictures in shards, in a run that can be ended and continued.

import type { EncoderDtype, EncoderOutput, VisionEncoder } from "@internvit/model-core";
import {
  type ExtractionEvent,
  type ExtractionSummary,
  extractToShards,
  type FeatureStorage,
  MAX_AUTO_BATCH,
  type PreparationMode,
  selectExecutionProvider,
  STAGES,
  type StageLoads,
} from "@internvit/runtime-node";

import { openEncoders } from "../checkpoints/open-encoders.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import type { Report, ResultEvent } from "../events.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import { findPictures } from "../pictures/find-pictures.ts";
import type { DecodeLimits } from "../pictures/prepare-pictures.ts";
import { formatCount, formatMany } from "../terminal/quantities.ts";
import { planForModel } from "./embed-input.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { encoderFacts, preparationFacts, versionFacts } from "./provenance.ts";

/** What `extract` is asked for. */
export interface ExtractRequest extends DecodeLimits {
  /** A folder, a list, a glob pattern, or picture files. */
  readonly sources: readonly string[];
  /** Checkpoint folder; undefined is the default model. */
  readonly model: string | undefined;
  /** The folder to write. */
  readonly output: string;
  readonly outputs: readonly EncoderOutput[];
  readonly preprocess: PreparationMode;
  /** Pixels; undefined is what the checkpoint says. */
  readonly imageSize: number | undefined;
  readonly batch: number | "auto";
  /** Threads that decode; undefined is as many as the encoder needs. */
  readonly workers: number | undefined;
  /** `auto`: `defaultSessions` on the CPU, elsewhere one. */
  readonly sessions: number | "auto";
  /** Of each session; undefined: `defaultThreads`. */
  readonly threads: number | undefined;
  readonly shardSize: number;
  readonly storage: FeatureStorage;
  readonly onBadPicture: "skip" | "fail";
  readonly restart: boolean;
  readonly verify: boolean;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

/** Milliseconds between two words about the progress. */
const PROGRESS_MILLISECONDS = 100;

/** Writes the shards, or goes on with them, and returns the exit code. */
export async function extract(request: ExtractRequest, context: CommandContext): Promise<number> {
  const { output, batch, shardSize, storage, workers, onBadPicture, restart, verify } = request;
  const { orientation, maxPixels, maxSide } = request;
  const { report, signal } = context;
  const pictures = await findPictures(request.sources);
  // Before a model is fetched for nothing.
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, context);
  const { preprocess: mode, imageSize } = request;
  const preparation = planForModel(model, { mode, imageSize, context });
  await using encoders = await openEncoders(model, {
    sessions: request.sessions,
    threads: request.threads,
    pictures: pictures.keys.length,
    outputs: request.outputs,
    inputSize: preparation.size,
    normalization: preparation.normalization,
    batchSize: batch === "auto" ? MAX_AUTO_BATCH : batch,
    dtype: request.dtype,
    executionProvider,
    context,
  });
  const [first] = encoders.all;
  reportEncoder(first.info, report);
  const say = (): void => {
    const message = "ending; what is written stays, and the same command goes on from there";
    report({ event: "notice", message });
  };
  signal.addEventListener("abort", say, { once: true });
  try {
    const summary = await extractToShards(pictures, {
      encoder: encoders.all,
      preparation,
      output,
      batchSize: batch,
      shardSize,
      storage,
      workers,
      onBadPicture,
      restart,
      verify,
      orientation,
      maxPixels,
      maxSide,
      signal,
      provenance: {
        ...preparationFacts(preparation, request),
        ...encoderFacts(model, first.info),
        ...versionFacts(first.info),
      },
      onEvent: reportTo(report),
    });
    const result = extractResult(summary, { model, encoder: first, request });
    report(result);
    return result.problem === undefined ? 0 : 1;
  } finally {
    signal.removeEventListener("abort", say);
  }
}

function reportTo(report: Report): (event: ExtractionEvent) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (event) => {
    switch (event.kind) {
      case "started":
        if (event.done === 0) return;
        return report({
          event: "notice",
          message: `going on: ${formatCount(event.done)} of ${formatMany(event.total, "image")} are done already`,
        });
      case "damaged":
        return report({ event: "notice", message: event.message });
      case "bad": {
        const { key, code, message } = event.picture;
        return report({ event: "failed", file: key, code, message });
      }
      case "progress": {
        const { done, total, picturesPerSecond, remainingMilliseconds, loads } = event.progress;
        const time = performance.now();
        if (done < total && time - last < PROGRESS_MILLISECONDS) return;
        last = time;
        const speed = { imagesPerSecond: picturesPerSecond, remainingMilliseconds };
        const occupancy = occupancyOf(loads);
        const progress = { done, total, unit: "images", ...speed, occupancy } as const;
        return report({ event: "progress", stage: "extract", ...progress });
      }
    }
  };
}

function occupancyOf(loads: StageLoads): Readonly<Record<string, number>> {
  return Object.fromEntries(
    STAGES.map((stage) => [stage, Math.round(loads[stage].occupancy * 1000) / 1000]),
  );
}

function extractResult(
  summary: ExtractionSummary,
  options: {
    readonly model: Model;
    readonly encoder: VisionEncoder;
    readonly request: ExtractRequest;
  },
): ResultEvent {
  const { model, encoder, request } = options;
  const { pictures, rows, bad, shards, manifest, extracted, milliseconds, batchSize } = summary;
  const { executionProvider, device } = encoder.info;
  const imagesPerSecond = extracted === 0 ? 0 : (extracted / milliseconds) * 1e3;
  const occupancy = occupancyOf(summary.loads);
  const busy = Object.entries(occupancy).map(([stage, share]) => `${stage} ${percent(share)}`);
  const tensors = summary.outputs.map(
    ({ name, dtype, rowShape }) => `  ${name} ${dtype} [${[rows, ...rowShape].join(", ")}]`,
  );
  const problem =
    bad === 0
      ? {}
      : {
          problem: `${formatCount(bad)} of ${formatMany(pictures, "image")} could not be used and ${bad === 1 ? "was" : "were"} left out; the JSON beside each shard says why`,
        };
  return {
    event: "result",
    command: "extract",
    facts: {
      manifest,
      images: pictures,
      rows,
      bad,
      shards,
      extracted,
      milliseconds,
      imagesPerSecond,
      occupancy,
      batchSize,
      outputs: Object.fromEntries(
        summary.outputs.map(({ name, rowShape }) => [name, [rows, ...rowShape]]),
      ),
      ...encoderFacts(model, encoder.info),
    },
    text: [
      extracted === 0
        ? `${formatMany(pictures, "image")}: everything was there already`
        : `extracted ${formatMany(extracted, "image")} with ${model.label} on ${executionProvider} (${device}), ${imagesPerSecond.toFixed(2)} images/s`,
      ...(extracted === 0 ? [] : [`busy: ${busy.join(", ")}`]),
      ...(model.synthesized === undefined ? [] : [`weights: ${model.synthesized}`]),
      `wrote ${manifest} and ${formatMany(shards, "shard")} in ${request.output}`,
      ...tensors,
    ].join("\n"),
    ...problem,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
