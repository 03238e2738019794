// `internvit segment`: a trained head on pictures, as labels, overlays and a legend.

import {
  classColours,
  createSegmenter,
  encodeLabelPng,
  overlayLabels,
  type Rgb,
  SEGMENTATION_NORMALIZATION,
  type Segmenter,
} from "@internvit/eval";
import { openSegmentationHead } from "@internvit/eval/node";
import type { EncoderDtype } from "@internvit/model-core";
import { isPreprocessError } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";
import {
  createNodeRuntime,
  mapAhead,
  type PictureList,
  selectExecutionProvider,
} from "@internvit/runtime-node";

import { openEncoders } from "../checkpoints/open-encoders.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import { writePng } from "../drawing/write-png.ts";
import { CliError } from "../errors.ts";
import type { FailedEvent } from "../events.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import { findPictures } from "../pictures/find-pictures.ts";
import type { DecodeLimits } from "../pictures/prepare-pictures.ts";
import { writeWholeFile } from "../results/temporary-files.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { describeFailures } from "./failures.ts";
import { prepareSegmentFiles, type SegmentFiles } from "./segment-files.ts";
import { describeSegments, writeLegend } from "./segment-report.ts";

/** What `segment` is asked for. */
export interface SegmentRequest extends DecodeLimits {
  /** A folder, a list, a glob pattern, or picture files. */
  readonly sources: readonly string[];
  readonly head: string;
  /** Checkpoint folder; undefined is the default model, or none for a head with its encoder. */
  readonly model: string | undefined;
  readonly otherModel: boolean;
  /** The folder to write. */
  readonly output: string;
  readonly opacity: number;
  /** Undefined: the head's. */
  readonly scales: readonly number[] | undefined;
  readonly flip: boolean;
  readonly sessions: number | "auto";
  readonly threads: number | undefined;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

/** A picture with what was written of it. */
export interface SegmentedPicture extends SegmentFiles {
  readonly width: number;
  readonly height: number;
  /** Pixels of each class. */
  readonly pixels: Float64Array;
}

/** Segments the pictures and returns the exit code. */
export async function segment(request: SegmentRequest, context: CommandContext): Promise<number> {
  const { report, signal } = context;
  const pictures = await findPictures(request.sources);
  const files = await prepareSegmentFiles(pictures, request.output);
  configureSharp();
  const opened = await openSegmenter(request, { pictures, context });
  await using segmenter = opened.segmenter;
  const colours = classColours(segmenter.facts.classes.length);
  const started = performance.now();
  const done: SegmentedPicture[] = [];
  const failed: FailedEvent[] = [];
  const outcomes = mapAhead(files, {
    ahead: 1,
    map: (each) =>
      segmentPicture(each, {
        path: pictures.pathOf(each.key),
        segmenter,
        colours,
        request,
        signal,
      }),
  });
  for await (const outcome of outcomes) {
    signal.throwIfAborted();
    if ("event" in outcome) {
      failed.push(outcome);
      report(outcome);
    } else done.push(outcome);
    const file = "event" in outcome ? outcome.file : outcome.key;
    const finished = done.length + failed.length;
    const imagesPerSecond = (finished / (performance.now() - started)) * 1e3;
    const progress = { done: finished, total: files.length, unit: "images", file } as const;
    report({ event: "progress", stage: "segment", ...progress, imagesPerSecond });
  }
  const problem = describeFailures(failed, files.length);
  const milliseconds = performance.now() - started;
  const { facts } = segmenter;
  const result = { facts, model: opened.model, request, done, failed, milliseconds };
  const legend = await writeLegend(result);
  report({ ...describeSegments(result, legend), ...(problem !== undefined && { problem }) });
  return problem === undefined ? 0 : 1;
}

async function openSegmenter(
  request: SegmentRequest,
  options: { readonly pictures: PictureList; readonly context: CommandContext },
): Promise<{ readonly segmenter: Segmenter; readonly model: Model | undefined }> {
  const { pictures, context } = options;
  const { report, signal } = context;
  const { sessions, threads, dtype } = request;
  const head = await openSegmentationHead(request.head, { signal });
  const { trained } = head.facts.encoder;
  if (trained && request.model !== undefined) {
    throw new CliError(
      "usage",
      `--model does not go with ${request.head}: the encoder was trained with the head and is in its file`,
    );
  }
  // Before a model is fetched for nothing.
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = trained ? undefined : await openModel(request.model, context);
  let told = false;
  const segmenter = await createSegmenter(
    createNodeRuntime({
      executionProvider: executionProvider.provider,
      ...(threads !== undefined && { threads }),
    }),
    {
      head,
      signal,
      allowOtherCheckpoint: request.otherModel,
      openEncoders:
        model &&
        (async (encoder) => {
          const { all } = await openEncoders(model, {
            ...encoder,
            sessions,
            threads,
            pictures: pictures.keys.length,
            normalization: SEGMENTATION_NORMALIZATION,
            batchSize: 1,
            dtype,
            executionProvider,
            context,
          });
          if (!told) reportEncoder(all[0].info, report);
          told = true;
          return all;
        }),
    },
  );
  const dispose = async (): Promise<void> => {
    const freed = segmenter.dispose();
    if (!signal.aborted) return freed;
    // What a session computes cannot be stopped, and nobody waits for it after an interruption.
    freed.catch(() => undefined);
  };
  return { model, segmenter: { ...segmenter, dispose, [Symbol.asyncDispose]: dispose } };
}

/** Writes the files of one picture; what is wrong with the picture itself is a value, anything else is thrown. */
async function segmentPicture(
  files: SegmentFiles,
  options: {
    readonly path: string;
    readonly segmenter: Segmenter;
    readonly colours: readonly Rgb[];
    readonly request: SegmentRequest;
    readonly signal: AbortSignal;
  },
): Promise<SegmentedPicture | FailedEvent> {
  const { path, segmenter, colours, request, signal } = options;
  const { orientation, maxPixels, maxSide, opacity, scales, flip } = request;
  const { facts } = segmenter;
  let image;
  try {
    ({ image } = await decodeImage(path, {
      subject: files.key,
      orientation,
      signal,
      ...(maxPixels !== undefined && { maxPixels }),
      ...(maxSide !== undefined && { maxSide }),
    }));
  } catch (error) {
    if (!isPreprocessError(error)) throw error;
    return { event: "failed", file: files.key, code: error.code, message: error.message };
  }
  const settings = {
    ...facts.inference,
    ...(scales !== undefined && { scales }),
    flip: flip || facts.inference.flip,
  };
  const label = await segmenter.segment(image, { settings, signal });
  await writeWholeFile(files.labels, await encodeLabelPng(label, { colours }));
  await writePng(files.overlay, {
    image: overlayLabels(image, label, { colours, opacity }),
    description: `Classes of ${files.key} by ${request.head}`,
  });
  const pixels = new Float64Array(facts.classes.length);
  for (const value of label.data) pixels[value]! += 1;
  return { ...files, width: image.width, height: image.height, pixels };
}
