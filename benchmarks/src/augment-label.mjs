// @ts-check
// Label pictures of the augmentation benchmark: 8-bit gray PNGs whose levels are classes.

import sharp from "sharp";

/** CamVid's eleven classes; above them nothing is labelled. */
const CLASSES = 11;

/** @param {string} file @returns {Promise<import("@internvit/eval").LabelMap>} */
export async function readLabel(file) {
  const { data, info } = await sharp(file)
    .toColourspace("b-w")
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let i = 0; i < data.length; i++) if (Number(data[i]) >= CLASSES) data[i] = 255;
  return { width: info.width, height: info.height, data };
}
