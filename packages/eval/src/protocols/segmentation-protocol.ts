// How a segmentation probe is done, as a value: everything that has a say in the numbers and is not the encoder, the data
// or the machine. Printed and hashed with every result; one's own is a copy with other values.

import { z } from "zod";

import { EvalError } from "../errors.ts";
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
