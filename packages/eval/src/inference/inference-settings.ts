// How a picture of any size is segmented by an encoder and a head that see windows.
//
// Reference: MMSegmentation 0.30, mmseg/models/segmentors/encoder_decoder.py; segmentation/configs of OpenGVLab/InternVL.

/** How pictures are segmented. */
export interface InferenceSettings {
  /** Pixels of the shorter side before both sides are rounded up to multiples of the patch. */
  readonly shortSide: number;
  /**
   * `slide`: windows of `window` pixels, `stride` apart, whose logits are averaged where they overlap. `whole`: the
   * picture as one window.
   */
  readonly mode:
    | { readonly kind: "slide"; readonly window: number; readonly stride: number }
    | { readonly kind: "whole" };
  /** The picture is segmented at `shortSide` times each of these, and probabilities are averaged. [1]: once. */
  readonly scales: readonly number[];
  /** Whether each of them is segmented mirrored as well. */
  readonly flip: boolean;
}
