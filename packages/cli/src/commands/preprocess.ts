// `internvit preprocess`: the encoder's input for image files, as bytes or normalised, in a file.

import { availableParallelism } from "node:os";

import type { Tensor } from "@internvit/model-core";
import {
  type ImageProcessorConfig,
  packPixels,
  parseImageProcessorConfig,
  toPixelValues,
} from "@internvit/preprocess";
import { configureSharp } from "@internvit/preprocess/sharp";
import { type Preparation, type PreparationMode, planPreparation } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import type { FailedEvent } from "../events.ts";
import type { PictureBatch } from "../pictures/pixel-batch.ts";
import { type DecodeLimits, preparePictures } from "../pictures/prepare-pictures.ts";
import { checkResultFile, createResultFile } from "../results/formats.ts";
import { formatDuration, formatMany } from "../terminal/quantities.ts";
import { describeFailures, failureFacts } from "./failures.ts";
import { preparationFacts, sourceFacts, versionFacts } from "./provenance.ts";
import { readJsonFile } from "./read-json-file.ts";

/** What `preprocess` is asked for. */
export interface PreprocessRequest extends DecodeLimits {
  readonly images: readonly string[];
  readonly mode: PreparationMode;
  /** A preprocessor_config.json; undefined is the published one. */
  readonly config: string | undefined;
  /** Pixels; undefined is what the config says. */
  readonly imageSize: number | undefined;
  readonly dtype: "uint8" | "float32";
  /** The file to write. */
  readonly output: string;
  readonly keepGoing: boolean;
}

/** What every published InternViT but one takes. */
const PUBLISHED_IMAGE_SIZE = 448;

/** libuv's threads, in which pictures are decoded. */
const DECODERS = 4;

/** Writes the pixels and returns the exit code. */
export async function preprocess(
  request: PreprocessRequest,
  { report, signal }: CommandContext,
): Promise<number> {
  const { images, mode, imageSize, dtype, output, keepGoing } = request;
  const begin = performance.now();
  const name = dtype === "uint8" ? "pixels" : "pixel_values";
  await checkResultFile(output, [name]);
  configureSharp();
  const config = await readConfig(request.config, signal);
  const preparation = planPreparation(config, {
    mode,
    imageSize,
    defaultSize: PUBLISHED_IMAGE_SIZE,
  });
  const failed: FailedEvent[] = [];
  const sources: string[] = [];
  const onFailed = (failure: FailedEvent): void => {
    failed.push(failure);
    report(failure);
  };
  const { orientation, maxPixels, maxSide } = request;
  const batches = preparePictures(images, {
    preparation,
    orientation,
    maxPixels,
    maxSide,
    batchSize: 1,
    ahead: Math.min(availableParallelism(), DECODERS),
    onFailed: keepGoing ? onFailed : undefined,
    signal,
  });
  await using result = createResultFile(output, { synthesized: undefined, signal });
  for await (const batch of batches) {
    const rows = new Map([[name, toTensor(batch, { preparation, dtype })]]);
    await result.append(rows, batch.sources);
    sources.push(...batch.sources);
    const done = sources.length + failed.length;
    report({
      event: "progress",
      stage: "preprocess",
      done,
      total: images.length,
      unit: "images",
      file: batch.sources.at(-1) ?? "",
    });
  }
  const problem = describeFailures(failed, images.length);
  const written = await result.finish({
    ...sourceFacts(sources, failed),
    ...preparationFacts(preparation, request),
    ...versionFacts(),
  });
  const { height, width } = preparation.size;
  const shape =
    dtype === "uint8" ? [sources.length, height, width, 3] : [sources.length, 3, height, width];
  const milliseconds = performance.now() - begin;
  report({
    event: "result",
    command: "preprocess",
    facts: {
      files: written,
      images: sources.length,
      failed: failureFacts(failed),
      outputs: { [name]: shape },
      milliseconds,
    },
    text: [
      `prepared ${formatMany(sources.length, "image")} (${mode}) in ${formatDuration(milliseconds)}`,
      `wrote ${written.join(" and ")}`,
      `  ${name} ${dtype} [${shape.join(", ")}]`,
    ].join("\n"),
    ...(problem === undefined ? {} : { problem }),
  });
  return problem === undefined ? 0 : 1;
}

async function readConfig(
  path: string | undefined,
  signal: AbortSignal,
): Promise<ImageProcessorConfig | undefined> {
  if (path === undefined) return undefined;
  const json = await readJsonFile(path, { what: "a preprocessor_config.json", signal });
  return parseImageProcessorConfig(json, { subject: path });
}

function toTensor(
  { images }: PictureBatch,
  options: { readonly preparation: Preparation; readonly dtype: "uint8" | "float32" },
): Tensor {
  const { preparation, dtype } = options;
  return dtype === "uint8" ? packPixels(images) : toPixelValues(images, preparation.normalization);
}
