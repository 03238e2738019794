// Golden segmentation metrics (MMSegmentation's). Counts are exact; so are the means, to the last bits of a float64 sum.

import { createSegmentationScorer } from "@internvit/eval";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

interface Metrics {
  readonly intersection: readonly number[];
  readonly union: readonly number[];
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
  readonly IoU: readonly (number | null)[];
  readonly Acc: readonly (number | null)[];
  readonly mIoU: number;
  readonly mAcc: number;
  readonly aAcc: number;
}
const golden = readGoldenJson<{
  readonly segmentation: { readonly classes: number } & Readonly<
    Record<"all" | "first_only" | "reduce_zero_label", Metrics>
  >;
}>("probes", "scoring.json");
const tensors = readGoldenTensors("probes", "scoring.safetensors");
const pixels = (name: string) => tensors.get(name)!.data as Uint8Array;

describe.each([
  { name: "all", pictures: [0, 1, 2, 3], reduceZeroLabel: false },
  { name: "first_only", pictures: [0], reduceZeroLabel: false },
  { name: "reduce_zero_label", pictures: [0, 1, 2, 3], reduceZeroLabel: true },
] as const)("golden segmentation: $name", ({ name, pictures, reduceZeroLabel }) => {
  test("golden: counts and scores; a class that is absent is left out", () => {
    const { classes } = golden.segmentation;
    const scorer = createSegmentationScorer({ classes, reduceZeroLabel });
    for (const at of pictures) {
      scorer.add(pixels(`segmentation.${at}.prediction`), pixels(`segmentation.${at}.label`));
    }
    const { counts, iou, accuracy, ...means } = scorer.score();
    const { intersection, union, predicted, labelled, IoU, Acc, mIoU, mAcc, aAcc } =
      golden.segmentation[name];
    expect(counts).toEqual({ intersection, union, predicted, labelled });
    expect({ iou, accuracy }).toEqual({ iou: IoU, accuracy: Acc });
    expect(means.meanIou).toBeCloseTo(mIoU, 14);
    expect(means.meanAccuracy).toBeCloseTo(mAcc, 14);
    expect(means.pixelAccuracy).toBe(aAcc);
  });
});
