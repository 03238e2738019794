// Labels as something to look at: which classes there are, and a picture of their colours.

import type { LabelMap } from "@internvit/eval";

import { previewSize } from "./preview-size.ts";
import type { FoundClass } from "./segment-protocol.ts";

type Colours = readonly (readonly [number, number, number])[];

/** The classes that are there, the largest first. */
export function foundClasses({ data }: LabelMap, colours: Colours): readonly FoundClass[] {
  const counts = new Uint32Array(colours.length);
  for (const label of data) counts[label]! += 1;
  return colours
    .map((colour, label) => ({ label, share: counts[label]! / data.length, colour }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}

/** The colours of the labels, as a preview: of the pixels that are in its pixels' middles. */
export async function paintLabels(labels: LabelMap, colours: Colours): Promise<ImageBitmap> {
  const { width, height } = previewSize(labels);
  const image = new ImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * labels.height) / height) * labels.width;
    for (let x = 0; x < width; x++, at += 4) {
      const column = Math.floor(((x + 0.5) * labels.width) / width);
      image.data.set(colours[labels.data[row + column]!]!, at);
      image.data[at + 3] = 255;
    }
  }
  return await createImageBitmap(image);
}
