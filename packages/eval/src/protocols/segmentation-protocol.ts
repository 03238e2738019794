// How a segmentation probe is done, as a value: everything that has a say in the numbers and is not the encoder, the data
// or the machine. Printed and hashed with every result; one's own is a copy with other values.

import { z } from "zod";

import { EvalError } from "../errors.ts";
import { inferenceSchema } from "../inference/inference-schema.ts";
import type { InferenceSettings } from "../inference/inference-settings.ts";

/** Which head is put on the encoder. */
export type SegmentationHeadProtocol =
  | { readonly kind: "linear" }
  | {
      readonly kind: "upernet";
      /** Of head and auxiliary head; the recipes' are 1536. */
      readonly channels: number;
      /** The level that the auxiliary head reads, from 0. */
      readonly auxiliaryLevel: 0 | 1 | 2 | 3;
    };

/** AdamW with a straight line to `minimum`, behind a linear warm-up, and layer-wise decay; gradients are not clipped. */
export interface AdamWProtocol {
  readonly kind: "adamw";
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Spares vectors and biases, and nothing else: as published. */
  readonly weightDecay: number;
  /** Rate of a block over that of the next; 1: none. */
  readonly layerDecay: number;
  readonly schedule: {
    readonly kind: "poly";
    readonly power: number;
    readonly minimum: number;
    /** Iterations. */
    readonly warmup: number;
    /** Factor of the first iteration's rate. */
    readonly warmupRatio: number;
  };
}

/** What all segmentation protocols have. */
export interface CommonSegmentationProtocol {
  readonly version: 1;
  /** Tells the file from a protocol of classification. */
  readonly task: "segmentation";
  /** What results call it. */
  readonly name: string;
  /** Of the first weights, the order of the pictures, augmentations, dropout and drop path. */
  readonly seed: number;
  readonly head: SegmentationHeadProtocol;
  /**
   * Blocks of the encoder that the head reads, from 0: one for the linear head, four for UperNet. `published`: those of
   * the published configuration for the encoder's depth; for other depths they are derived from its rule.
   */
  readonly blocks: "published" | readonly number[];
  /** Pixels per edge of what the encoder sees, a multiple of the patch. */
  readonly cropSize: number;
  /** Updates. */
  readonly iterations: number;
  readonly batch: number;
  readonly optimizer: AdamWProtocol;
  readonly inference: InferenceSettings;
  /** Whether the orientation that cameras note in EXIF is applied to pictures; labels have none. */
  readonly orientation: "apply" | "ignore";
  readonly unreadable: {
    /** `leave-out`: the next picture of the set takes its place; `fail`: the run ends. */
    readonly train: "leave-out" | "fail";
    /** `leave-out`: not scored, and counted in the result; `fail`: the run ends. */
    readonly val: "leave-out" | "fail";
  };
}

/** The encoder runs on augmented crops in every iteration, and is trained with the head or is not. */
export interface OnlineSegmentationProtocol extends CommonSegmentationProtocol {
  readonly kind: "online";
  readonly encoder:
    | { readonly trained: false }
    | {
        readonly trained: true;
        /** Drop path's rate of the last block; rises from 0 in the first. */
        readonly dropPathRate: number;
      };
  readonly augmentation: {
    /** Longer and shorter side at ratio 1, in pixels. */
    readonly limits: { readonly long: number; readonly short: number };
    readonly ratio: readonly [number, number];
    /** A crop in which one class has this share is drawn again; 1: any is taken. */
    readonly maxClassShare: number;
    /** Probability of a horizontal flip. */
    readonly flip: number;
    /** Whether colours are distorted. */
    readonly distort: boolean;
  };
  /** Iterations from one scoring of the validation set to the next; the best head is kept. The last one always scores. */
  readonly scoreEvery: number;
}

/** A linear head on patch features that are extracted once, from the middle of each picture: no augmentation. */
export interface FeatureSegmentationProtocol extends CommonSegmentationProtocol {
  readonly kind: "features";
  readonly head: { readonly kind: "linear" };
  /** Training pictures, drawn by seed; null: all. */
  readonly pictures: number | null;
  /** How features are kept on the disk. */
  readonly stored: "float16" | "float32";
}

/** How a segmentation probe is done. */
export type SegmentationProtocol = OnlineSegmentationProtocol | FeatureSegmentationProtocol;

const count = z.int().min(1).max(1_000_000_000);
const share = z.number().min(0).max(1);
const rate = z.number().positive();
const block = z.int().min(0).max(1000);
const name = z.string().regex(/^[\w.-]{1,64}$/, "letters, digits, dots and dashes");

const linear = z.strictObject({ kind: z.literal("linear") });

const common = {
  version: z.literal(1),
  task: z.literal("segmentation"),
  name,
  seed: z.int().min(0).max(0xffffffff),
  blocks: z.union([z.literal("published"), z.array(block).min(1).max(4)]),
  cropSize: count.max(16_384),
  iterations: count,
  batch: count,
  optimizer: z.strictObject({
    kind: z.literal("adamw"),
    learningRate: rate,
    betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]),
    epsilon: rate,
    weightDecay: z.number().min(0),
    layerDecay: z.number().gt(0).max(1),
    schedule: z.strictObject({
      kind: z.literal("poly"),
      power: rate,
      minimum: z.number().min(0),
      warmup: z.int().min(0),
      warmupRatio: z.number().gt(0).max(1),
    }),
  }),
  inference: inferenceSchema,
  orientation: z.enum(["apply", "ignore"]),
  unreadable: z.strictObject({
    train: z.enum(["leave-out", "fail"]),
    val: z.enum(["leave-out", "fail"]),
  }),
};

const schema: z.ZodType<SegmentationProtocol> = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("online"),
    head: z.discriminatedUnion("kind", [
      linear,
      z.strictObject({
        kind: z.literal("upernet"),
        channels: count.max(65_536),
        auxiliaryLevel: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
      }),
    ]),
    encoder: z.discriminatedUnion("trained", [
      z.strictObject({ trained: z.literal(false) }),
      z.strictObject({ trained: z.literal(true), dropPathRate: z.number().min(0).lt(1) }),
    ]),
    augmentation: z.strictObject({
      limits: z.strictObject({ long: count, short: count }),
      ratio: z.tuple([rate, rate]).refine(([low, high]) => low <= high, "the smaller number first"),
      maxClassShare: z.number().gt(0).max(1),
      flip: share,
      distort: z.boolean(),
    }),
    scoreEvery: count,
  }),
  z.strictObject({
    ...common,
    kind: z.literal("features"),
    head: linear,
    pictures: count.nullable(),
    stored: z.enum(["float16", "float32"]),
  }),
]);

/**
 * A segmentation protocol from JSON.
 *
 * @throws EvalError `invalid-data` that names the first field that is wrong
 */
export function parseSegmentationProtocol(
  json: unknown,
  options: {
    /** Where it comes from, for messages. */
    readonly subject: string;
  },
): SegmentationProtocol {
  const { subject } = options;
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path = [], message = "not a protocol" } = result.error.issues[0] ?? {};
  const field = path.length === 0 ? "" : `${path.join(".")}: `;
  throw new EvalError(
    "invalid-data",
    `${subject}: expected a protocol of segmentation; ${field}${message}`,
    { subject },
  );
}
