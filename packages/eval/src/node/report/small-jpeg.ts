// A picture of a report: small enough that hundreds fit into one file.

import sharp from "sharp";

/** At these sizes more is not seen. */
const QUALITY = 75;

/** How a picture is made small. */
export interface SmallJpegOptions {
  /** Pixels: of both sides for the middle of a picture (`cover`), of the longer one for a whole picture (`inside`). */
  readonly size: number;
  readonly fit: "cover" | "inside";
  /** Whether the orientation that a camera noted is applied. */
  readonly oriented: boolean;
}

/**
 * A small JPEG as a data URI, on white where the picture is transparent; null for what cannot be decoded. The scores have
 * counted that already, and a report without one picture is better than none.
 */
export async function smallJpeg(
  bytes: Uint8Array,
  { size, fit, oriented }: SmallJpegOptions,
): Promise<string | null> {
  try {
    const picture = sharp(bytes, { failOn: "none" });
    const jpeg = await (oriented ? picture.autoOrient() : picture)
      .resize(size, size, { fit, withoutEnlargement: fit === "inside" })
      .flatten({ background: "#ffffff" })
      .jpeg({ quality: QUALITY })
      .toBuffer();
    return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
  } catch {
    return null;
  }
}
