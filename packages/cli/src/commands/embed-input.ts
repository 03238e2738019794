// What `embed` encodes: image files, or pixels that somebody prepared already.

import type { InputSize, PixelNormalization } from "@internvit/model-core";
import {
  IMAGENET_NORMALIZATION,
  packPixels,
  parseImageProcessorConfig,
} from "@internvit/preprocess";
import { type Preparation, type PreparationMode, planPreparation } from "@internvit/runtime-node";

import type { Model } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import type { FailedEvent } from "../events.ts";
import type { PixelBatch } from "../pictures/pixel-batch.ts";
import { type DecodeLimits, preparePictures } from "../pictures/prepare-pictures.ts";
import { openStoredPixels, readStoredPixels } from "../pictures/stored-pixels.ts";
import type { Provenance } from "../results/result-file.ts";
import { preparationFacts } from "./provenance.ts";

/** Pictures on their way into an encoder. */
export interface EncoderInput {
  readonly size: InputSize;
  readonly normalization: PixelNormalization;
  /** Pictures in all, those included that will fail. */
  readonly total: number;
  /** How the pixels were made. */
  readonly facts: Provenance;
  batches(options: {
    readonly batchSize: number;
    /** Told of each picture that cannot be used; without it the first such picture ends everything. */
    readonly onFailed: ((failed: FailedEvent) => void) | undefined;
  }): AsyncIterable<PixelBatch>;
}

/** Decoded while a batch is encoded: encoding takes far longer, so more would only take memory. */
const AHEAD = 2;

/** How the pictures for a model are prepared; says so when the checkpoint has no preprocessor_config.json. */
export function planForModel(
  { checkpoint }: Model,
  options: {
    readonly mode: PreparationMode;
    readonly imageSize: number | undefined;
    readonly context: CommandContext;
  },
): Preparation {
  const { mode, imageSize, context } = options;
  const { label, preprocessorJson, config } = checkpoint;
  const plan = { mode, imageSize, defaultSize: config.imageSize };
  if (preprocessorJson !== undefined) {
    const subject = `${label}/preprocessor_config.json`;
    return planPreparation(parseImageProcessorConfig(preprocessorJson, { subject }), plan);
  }
  const preparation = planPreparation(undefined, plan);
  const { height, width } = preparation.size;
  context.report({
    event: "notice",
    message: `${label} has no preprocessor_config.json: pictures are made ${width}x${height} pixels and normalised with the ImageNet constants, as for every published InternViT`,
  });
  return preparation;
}

/** Image files as input. */
export function pictureInput(
  files: readonly string[],
  options: DecodeLimits & { readonly preparation: Preparation; readonly signal: AbortSignal },
): EncoderInput {
  const { preparation } = options;
  const { size, normalization } = preparation;
  return {
    size,
    normalization,
    total: files.length,
    facts: preparationFacts(preparation, options),
    async *batches({ batchSize, onFailed }) {
      const pictures = preparePictures(files, {
        ...options,
        batchSize,
        ahead: Math.max(batchSize, AHEAD),
        onFailed,
      });
      for await (const { images, sources } of pictures) {
        yield { pixels: packPixels(images), sources };
      }
    },
  };
}

/** The tensor that `file:key` names as input. */
export async function storedInput(
  label: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<EncoderInput> {
  const stored = await openStoredPixels(label, { signal });
  return {
    size: stored.size,
    normalization: IMAGENET_NORMALIZATION,
    total: stored.count,
    facts: {
      preprocess: `none: ${stored.entry.dtype} pixels from ${label}`,
      image_size: [stored.size.height, stored.size.width],
    },
    batches: ({ batchSize }) => readStoredPixels(stored, { batchSize, signal }),
  };
}
