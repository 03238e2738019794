// `preprocessor_config.json` of a CLIP image processor, in every spelling that transformers 5.18 still reads, as
// plain data. Fields that the file leaves out, or sets to null, get the defaults of the CLIPImageProcessor class,
// and keys that have no effect on its pixels are ignored.

import type { PixelNormalization } from "@internvit/model-core";
import { en } from "zod/locales";
import * as z from "zod/mini";

import { PreprocessError } from "./errors.ts";
import { PILLOW_FILTERS, type ResizeFilter } from "./resample/filters.ts";

/** The size that a picture is resized to, in pixels. */
export type TargetSize =
  | {
      /** The shorter edge gets this length, the aspect ratio stays. */
      readonly shortestEdge: number;
      /** No edge gets longer than this; default: no limit. */
      readonly longestEdge?: number;
    }
  | {
      /** Exactly this size; the aspect ratio is not kept. */
      readonly width: number;
      readonly height: number;
    };

/** What a CLIP image processor does, in the order of the fields. */
export interface ImageProcessorConfig {
  readonly doResize: boolean;
  readonly size: TargetSize;
  readonly resample: ResizeFilter;
  readonly doCenterCrop: boolean;
  readonly cropSize: { readonly width: number; readonly height: number };
  readonly doRescale: boolean;
  readonly rescaleFactor: number;
  readonly doNormalize: boolean;
  readonly imageMean: readonly [number, number, number];
  readonly imageStd: readonly [number, number, number];
}

// The longest edge that a config may ask for: far above any encoder's input, far below what exhausts memory.
const MAX_CONFIG_EDGE = 16_384;

const edge = z.int().check(z.positive(), z.maximum(MAX_CONFIG_EDGE));
const pair = z.tuple([edge, edge]);
const heightWidth = z.object({ height: edge, width: edge });
const channels = z.pipe(
  z.union([z.number(), z.tuple([z.number(), z.number(), z.number()])]),
  z.transform((value): [number, number, number] =>
    typeof value === "number" ? [value, value, value] : value,
  ),
);

function exact(size: { height: number; width: number }): TargetSize {
  return { width: size.width, height: size.height };
}

const sizeField = z.union([
  edge,
  z.pipe(
    pair,
    z.transform(([height, width]) => exact({ height, width })),
  ),
  z.pipe(heightWidth, z.transform(exact)),
  z.pipe(
    z.object({ shortest_edge: edge, longest_edge: z.nullish(edge) }),
    z.transform((size): TargetSize => {
      const shortestEdge = size.shortest_edge;
      const longestEdge = size.longest_edge ?? undefined;
      return longestEdge === undefined ? { shortestEdge } : { shortestEdge, longestEdge };
    }),
  ),
]);

const cropField = z.union([
  z.pipe(
    edge,
    z.transform((side) => ({ height: side, width: side })),
  ),
  z.pipe(
    pair,
    z.transform(([height, width]) => ({ height, width })),
  ),
  heightWidth,
]);

const filter = z.pipe(
  z.int().check(z.minimum(0), z.maximum(PILLOW_FILTERS.length - 1)),
  z.transform((code) => PILLOW_FILTERS[code]!),
);

const schema = z.object({
  image_processor_type: z.nullish(z.string()),
  feature_extractor_type: z.nullish(z.string()),
  do_resize: z.nullish(z.boolean()),
  size: z.nullish(sizeField),
  default_to_square: z.nullish(z.boolean()),
  resample: z.nullish(filter),
  do_center_crop: z.nullish(z.boolean()),
  crop_size: z.nullish(cropField),
  do_rescale: z.nullish(z.boolean()),
  rescale_factor: z.nullish(z.number()),
  do_normalize: z.nullish(z.boolean()),
  image_mean: z.nullish(channels),
  image_std: z.nullish(
    channels.check(
      z.refine((std) => std.every((value) => value > 0), "expected standard deviations above 0"),
    ),
  ),
  do_pad: z.nullish(z.boolean()),
});

// OpenAI's constants: the class defaults, one digit longer than the ones in InternVL's code.
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * Reads the parsed JSON of a `preprocessor_config.json`.
 *
 * @throws PreprocessError `malformed` for a wrong type or value, `unsupported` for another processor than CLIP's.
 */
export function parseImageProcessorConfig(
  json: unknown,
  options: {
    /** The file's name for messages. Default `"preprocessor_config.json"`. */
    readonly subject?: string;
  } = {},
): ImageProcessorConfig {
  const { subject = "preprocessor_config.json" } = options;
  const parsed = schema.safeParse(json, { error: en().localeError });
  if (!parsed.success) {
    throw new PreprocessError(
      "malformed",
      `${subject}: not a CLIP image processor's configuration: ${describeIssues(parsed.error)}`,
      { subject, cause: parsed.error },
    );
  }
  const fields = parsed.data;
  // Another class has other defaults and other steps: reading its file as CLIP's would give wrong pixels silently.
  const type = fields.image_processor_type ?? fields.feature_extractor_type ?? "CLIPImageProcessor";
  if (!/^CLIP(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/.test(type)) {
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected image_processor_type CLIPImageProcessor (or CLIPFeatureExtractor), found ${type}`,
      { subject },
    );
  }
  if (fields.do_pad === true) {
    throw new PreprocessError("unsupported", `${subject}: do_pad is true, expected it to be off`, {
      subject,
    });
  }
  return {
    doResize: fields.do_resize ?? true,
    size: targetSize(fields.size ?? 224, fields.default_to_square === true),
    resample: fields.resample ?? "bicubic",
    doCenterCrop: fields.do_center_crop ?? true,
    cropSize: fields.crop_size ?? { width: 224, height: 224 },
    doRescale: fields.do_rescale ?? true,
    rescaleFactor: fields.rescale_factor ?? 1 / 255,
    doNormalize: fields.do_normalize ?? true,
    imageMean: fields.image_mean ?? CLIP_MEAN,
    imageStd: fields.image_std ?? CLIP_STD,
  };
}

/** The float step of a config. A step that is switched off leaves samples as they are. */
export function normalizationOf(config: ImageProcessorConfig): PixelNormalization {
  return {
    rescaleFactor: config.doRescale ? config.rescaleFactor : 1,
    mean: config.doNormalize ? config.imageMean : [0, 0, 0],
    std: config.doNormalize ? config.imageStd : [1, 1, 1],
  };
}

function targetSize(size: number | TargetSize, toSquare: boolean): TargetSize {
  if (typeof size !== "number") return size;
  return toSquare ? { width: size, height: size } : { shortestEdge: size };
}

function describeIssues(error: z.core.$ZodError): string {
  return error.issues
    .map(
      (issue) => `${issue.path.length === 0 ? "the file" : issue.path.join(".")}: ${issue.message}`,
    )
    .join("; ");
}
