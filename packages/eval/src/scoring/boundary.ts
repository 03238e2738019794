// The pixels along the edges of regions, for boundary IoU: Cheng et al., "Boundary IoU: Improving Object-Centric Image
// Segmentation Evaluation", CVPR 2021, and mask_to_boundary of its code (bowenc0221/boundary-iou-api). A pixel belongs to
// the boundary of its class when a pixel that is not of this class, or the outside of the picture, is at most d away by
// the larger of the two coordinates. All classes are found at once: a pixel is inside its class when the window of
// 2d + 1 by 2d + 1 around it holds one label, which is tested along rows and then along columns by the lengths of runs,
// in a time that does not depend on d.
// Deviation: the paper's masks know no ignored pixels. Here what is ignored in the truth is ignored in the prediction, too,
// before boundaries are sought: it belongs to no class and is counted nowhere, and where a region ends at it, it ends there
// in both. So what stands in ignored pixels of a prediction has no say.

import { IGNORED_LABEL, type LabelMap } from "../augment/segmentation/label-map.ts";
import { roundHalfEven } from "../augment/round-half-even.ts";
import type { AreaCounts } from "./segmentation.ts";

/** Of the diagonal of a picture, as in the paper. */
const DISTANCE_SHARE = 0.02;

/** How far boundaries of a picture reach, in pixels: 2 % of its diagonal, at least 1. */
export function boundaryDistance({ width, height }: Pick<LabelMap, "width" | "height">): number {
  return Math.max(1, roundHalfEven(DISTANCE_SHARE * Math.hypot(width, height)));
}

/** Adds the boundary pixels of a picture to counts by class. Labels that are no class are ignored. */
export function countBoundaries(
  counts: AreaCounts,
  { prediction, label }: { readonly prediction: LabelMap; readonly label: LabelMap },
): void {
  const { intersection, predicted, labelled } = counts;
  const classes = labelled.length;
  const distance = boundaryDistance(label);
  const truth = new Uint8Array(label.data.length).fill(IGNORED_LABEL);
  const answer = new Uint8Array(label.data.length).fill(IGNORED_LABEL);
  for (let pixel = 0; pixel < truth.length; pixel += 1) {
    const right = label.data[pixel]!;
    if (right >= classes) continue;
    truth[pixel] = right;
    answer[pixel] = prediction.data[pixel]!;
  }
  const insideTruth = insides({ ...label, data: truth }, distance);
  const insideAnswer = insides({ ...label, data: answer }, distance);
  for (let pixel = 0; pixel < truth.length; pixel += 1) {
    const right = truth[pixel]!;
    if (right === IGNORED_LABEL) continue;
    const given = answer[pixel]!;
    const atTruth = insideTruth[pixel] === IGNORED_LABEL;
    const atAnswer = insideAnswer[pixel] === IGNORED_LABEL;
    if (atTruth) labelled[right]! += 1;
    if (atAnswer) predicted[given]! += 1;
    if (atTruth && atAnswer && right === given) intersection[right]! += 1;
  }
}

/**
 * The labels of the pixels whose whole window, `distance` pixels to each side, is in the picture and has their label;
 * `IGNORED_LABEL` for all others. `[height, width]`, row-major.
 */
export function insides(
  { width, height, data }: LabelMap,
  distance: number,
): Uint8Array<ArrayBuffer> {
  const window = 2 * distance + 1;
  const alongRows = new Uint8Array(data.length).fill(IGNORED_LABEL);
  for (let y = 0; y < height; y += 1) {
    const start = y * width;
    let run = 0;
    for (let x = 0; x < width; x += 1) {
      const label = data[start + x]!;
      run = x > 0 && label === data[start + x - 1] ? run + 1 : 1;
      if (run >= window) alongRows[start + x - distance] = label;
    }
  }
  const inside = new Uint8Array(data.length).fill(IGNORED_LABEL);
  // Row by row, with a run for every column: memory is read in its order.
  const runs = new Uint32Array(width);
  for (let y = 0; y < height; y += 1) {
    const start = y * width;
    for (let x = 0; x < width; x += 1) {
      const label = alongRows[start + x]!;
      const run = y > 0 && label === alongRows[start + x - width] ? runs[x]! + 1 : 1;
      runs[x] = run;
      if (run >= window) inside[start + x - distance * width] = label;
    }
  }
  return inside;
}
