// What the page and its worker for segmentation say to each other. Encoder and head run in sessions of the page, which
// have workers of their own; whatever is done with a file's bytes or pixel by pixel is done in this one.

import type {
  InferenceSettings,
  LabelMap,
  SegmentationHeadFacts,
  SegmentationHeadFile,
} from "@internvit/eval";
import type { EncoderConfig, Tensor } from "@internvit/model-core";

import type { PictureSource } from "./protocol.ts";

/** What a worker is started for. */
export type SegmentOrder =
  /** To read what a head's file says of itself. */
  | { readonly kind: "read-facts"; readonly file: Blob; readonly name: string }
  /** To read the whole file. */
  | { readonly kind: "read-head"; readonly file: Blob; readonly name: string }
  | {
      readonly kind: "segment";
      readonly source: PictureSource;
      /** The picture's, for messages. */
      readonly name: string;
      readonly settings: InferenceSettings;
      /** Of the logits that the page gives for windows. */
      readonly classes: number;
      readonly patchSize: number;
      readonly batch: number;
    };

/** The page's answer to windows: their logits. */
export interface LogitsReply {
  readonly kind: "logits";
  readonly id: number;
  readonly logits: Tensor<"float32">;
}

/** What a head's file says of itself. */
export interface HeadDescription {
  readonly facts: SegmentationHeadFacts;
  /** The architecture of the encoder that it was trained on. */
  readonly config: EncoderConfig;
}

/** A class that was found. */
export interface FoundClass {
  readonly label: number;
  /** Of the picture's pixels, above 0. */
  readonly share: number;
  /** Red, green and blue from 0 to 255. */
  readonly colour: readonly [number, number, number];
}

/** A segmented picture. */
export interface SegmentedPicture {
  /** As large as the picture. */
  readonly labels: LabelMap;
  /** The largest first. */
  readonly found: readonly FoundClass[];
  /** The classes' colours, no larger than a screen needs. */
  readonly paint: ImageBitmap;
  /** A palette PNG whose values are the labels. */
  readonly png: Blob;
}

/** What each order ends with. */
export interface SegmentResults {
  readonly "read-facts": HeadDescription;
  readonly "read-head": SegmentationHeadFile;
  readonly segment: SegmentedPicture;
}

/** What the worker says: it wants the logits of windows, or is done, or cannot do it. */
export type FromSegmentWorker =
  | { readonly kind: "windows"; readonly id: number; readonly pixels: Tensor<"uint8"> }
  | { readonly kind: "done"; readonly result: SegmentResults[keyof SegmentResults] }
  | { readonly kind: "failed"; readonly message: string };
