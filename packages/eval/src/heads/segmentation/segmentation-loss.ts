// The loss of the segmentation recipes. Reference: MMSegmentation 0.30, decode_heads/decode_head.py, and its
// cross-entropy with avg_non_ignore false: ignored pixels add nothing to the sum and count in what it is divided by.

import { crossEntropy, resizeBilinear, scale, type TrainingLoss } from "@internvit/train";

import { IGNORED_LABEL } from "../../augment/segmentation/label-map.ts";
import type { SegmentationForm } from "./form.ts";

/** The recipes'. */
const AUXILIARY_WEIGHT = 0.4;

/**
 * Cross-entropy of the logits, upsampled to the labels: `decode`, and for UperNet 0.4 times that of the auxiliary head,
 * `auxiliary`. Its input is `labels`, uint8 [batch, height, width], 255 where they are ignored. Evaluations go without
 * it: they have no auxiliary head.
 */
export function segmentationLoss(
  { kind, classes }: SegmentationForm,
  labels: { readonly batch: number; readonly height: number; readonly width: number },
): TrainingLoss {
  const { batch, height, width } = labels;
  return {
    inputs: {
      labels: {
        dtype: "uint8",
        shape: [batch, height, width],
        labels: { classes, ignore: IGNORED_LABEL },
      },
    },
    build(graph, { input, output }) {
      const lossOf = (name: string) =>
        crossEntropy(graph, resizeBilinear(graph, output(name), { height, width }), {
          labels: input("labels"),
          average: "all",
        });
      const decode = lossOf("logits");
      if (kind === "linear") return { decode };
      return { decode, auxiliary: scale(graph, lossOf("auxiliary"), AUXILIARY_WEIGHT) };
    },
  };
}
