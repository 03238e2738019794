// The two heads of the segmentation recipes. Reference: OpenGVLab/InternVL, segmentation/configs/intern_vit_6b, and
// MMSegmentation 0.30, whose parameter names are kept.

/** Batch norm and a 1×1 convolution on the patches of one block: linear probing. */
export interface LinearSegmentationForm {
  readonly kind: "linear";
  /** The encoder's. */
  readonly width: number;
  readonly classes: number;
}

/** A pyramid of four blocks under UperNet, and in training an auxiliary head on one level: head and full tuning. */
export interface UperNetForm {
  readonly kind: "upernet";
  /** The encoder's, and that of the pyramid's levels. */
  readonly width: number;
  readonly classes: number;
  /** Of both heads; the recipes' are 1536. */
  readonly channels: number;
  /** The level that the auxiliary head reads, from 0: 1 in the recipe of head tuning, 2 in that of full tuning. */
  readonly auxiliaryLevel: 0 | 1 | 2 | 3;
}

/** What a segmentation head looks like. */
export type SegmentationForm = LinearSegmentationForm | UperNetForm;

/** Bins per side of UperNet's pooling pyramid. */
export const POOL_SIZES: readonly number[] = [1, 2, 3, 6];

/** Blocks of the encoder that the head reads. */
export function tapCount({ kind }: SegmentationForm): number {
  return kind === "linear" ? 1 : 4;
}
