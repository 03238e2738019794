// From a picture to labels, a row at a time: the windows' logits come from elsewhere.

import { classColours, encodeLabelPng, segmentImage, type WindowLogits } from "@internvit/eval";

import { decodeSource } from "./decode-source.ts";
import { foundClasses, paintLabels } from "./paint-labels.ts";
import type { SegmentedPicture, SegmentOrder } from "./segment-protocol.ts";

/**
 * Decodes a picture, segments it, and makes of the labels what the page shows.
 *
 * @throws PreprocessError for what is no picture; EvalError as `segmentImage`; what `run` throws
 */
export async function segmentPicture(
  order: Extract<SegmentOrder, { readonly kind: "segment" }>,
  run: WindowLogits["run"],
): Promise<SegmentedPicture> {
  const { source, settings, classes, patchSize, batch } = order;
  const { image } = await decodeSource(source, order);
  const logits = { classes, patchSize, batch, run };
  const labels = await segmentImage(image, { settings, logits });
  const colours = classColours(classes);
  const bytes = await encodeLabelPng(labels, { colours });
  return {
    labels,
    found: foundClasses(labels, colours),
    paint: await paintLabels(labels, colours),
    png: new Blob([bytes], { type: "image/png" }),
  };
}
