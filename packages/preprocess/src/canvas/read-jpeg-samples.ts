// A JPEG through the browser's ImageDecoder, as the samples that are in the file. Colours are made of them here: that is
// quicker than a bitmap that is drawn on a canvas and read back, and gives the same bytes.

import type { JpegSamples, SamplePlane } from "./jpeg-samples.ts";
import type { PreparedPicture } from "./prepared-picture.ts";

/** Formats of samples, by whether chroma is halved across and down. */
const HALVED: Readonly<Partial<Record<string, readonly [boolean, boolean]>>> = {
  I420: [true, true],
  I422: [true, false],
  I444: [false, false],
};

/**
 * The samples; undefined where the browser has no ImageDecoder or shows none of this file (gray and RGB ones, and all
 * where it decodes to colours only).
 *
 * @throws what the decoder says of a broken file.
 */
export async function readJpegSamples(picture: PreparedPicture): Promise<JpegSamples | undefined> {
  if (typeof ImageDecoder === "undefined") return undefined;
  const { width, height, type, parts } = picture;
  const decoder = new ImageDecoder({ data: joined(parts), type, colorSpaceConversion: "none" });
  try {
    const { image: frame } = await decoder.decode();
    try {
      const halved = HALVED[frame.format ?? ""];
      const isWhole = frame.visibleRect?.width === width && frame.visibleRect.height === height;
      if (halved === undefined || !isWhole) return undefined;
      const data = new Uint8Array(frame.allocationSize());
      const planes = (await frame.copyTo(data)) as [SamplePlane, SamplePlane, SamplePlane];
      return { width, height, data, planes, halfWidth: halved[0], halfHeight: halved[1] };
    } finally {
      frame.close();
    }
  } finally {
    decoder.close();
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
