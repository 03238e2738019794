import type { RgbImage } from "@internvit/preprocess";
import sharp from "sharp";

import { writeWholeFile } from "../results/temporary-files.ts";

/** Writes a picture as PNG with a description inside; the file appears complete or not at all. */
export async function writePng(
  path: string,
  options: {
    readonly image: RgbImage;
    /** Goes into the EXIF field ImageDescription. */
    readonly description: string;
  },
): Promise<void> {
  const { image, description } = options;
  const { width, height, data } = image;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { ImageDescription: description } })
    .png()
    .toBuffer();
  await writeWholeFile(path, bytes);
}
