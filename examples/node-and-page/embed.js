// A decoded picture to its feature: the same code in Node and in a page.

import { clipCrop, packPixels, parseImageProcessorConfig } from "@internvit/preprocess";

export const OUTPUTS = ["pooler_output"];

/** The pooled feature of a picture, which an encoder of either runtime computes. */
export async function embed(image, { checkpoint, encoder }) {
  const processor = parseImageProcessorConfig(checkpoint.preprocessorJson);
  const { poolerOutput } = await encoder.encode(packPixels([clipCrop(image, processor)]));
  return poolerOutput.data;
}

/** Its first numbers. */
export function show(feature) {
  return Array.from(feature.subarray(0, 8), (value) => value.toFixed(4)).join(" ");
}
