// What the page and the worker that segments one picture say to each other. Encoder and head run in sessions of the
// page, which have workers of their own; everything that is done pixel by pixel is done in this one.

import type { InferenceSettings, LabelMap } from "@internvit/eval";
import type { ErrorReply } from "@internvit/model-core/session";
import type { Tensor } from "@internvit/model-core";

import type { PictureSource } from "./protocol.ts";

/** A picture to be segmented. */
export interface SegmentOrder {
  readonly kind: "segment";
  readonly source: PictureSource;
  /** The picture's, for messages. */
  readonly name: string;
  readonly settings: InferenceSettings;
  /** Of the logits that the page gives for windows. */
  readonly classes: number;
  readonly patchSize: number;
  readonly batch: number;
}

/** The page's answer to windows: their logits. */
export interface LogitsReply {
  readonly kind: "logits";
  readonly id: number;
  readonly logits: Tensor<"float32">;
}

/** What the worker is told. */
export type ToSegmentWorker = SegmentOrder | LogitsReply | ErrorReply;

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

/** What the worker says: it wants the logits of windows, or is done. */
export type FromSegmentWorker =
  | { readonly kind: "windows"; readonly id: number; readonly pixels: Tensor<"uint8"> }
  | { readonly kind: "segmented"; readonly picture: SegmentedPicture }
  | { readonly kind: "failed"; readonly message: string };
