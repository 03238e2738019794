// How large a picture file is, by its header alone: a look at a hundred thousand files before they are decoded.

import { open } from "node:fs/promises";

import sharp from "sharp";

import { brokenPicture, checkFormat, checkLimits, type SizeLimits } from "../decode-contract.ts";
import { PreprocessError } from "../errors.ts";

/** Options of `readImageSize`. */
export interface ImageSizeOptions extends SizeLimits {
  /** EXIF orientation: `"ignore"` (default), or `"apply"`. */
  readonly orientation?: "ignore" | "apply";
  /** What messages call the picture. Default: the path. */
  readonly subject?: string;
}

/** Enough for every format's first bytes. */
const START = 64;

/**
 * Size of the picture that `decodeImage` would give.
 *
 * @throws PreprocessError as `decodeImage`, but for what is wrong behind the header
 */
export async function readImageSize(
  path: string,
  options: ImageSizeOptions = {},
): Promise<{ readonly width: number; readonly height: number }> {
  const { orientation = "ignore", subject = path } = options;
  const { start, byteLength } = await readStart(path, subject);
  const format = checkFormat(start, { subject, byteLength });
  const metadata = await sharp(path, { failOn: "error", limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw brokenPicture({ format, subject }, cause);
    });
  const { width, height } = metadata;
  if (!(width > 0 && height > 0)) {
    throw brokenPicture({ format, subject }, `its header says ${width}x${height} pixels`);
  }
  checkLimits({ width, height }, { ...options, subject });
  // Those from 5 on stand on their side.
  const turned = orientation === "apply" && (metadata.orientation ?? 1) >= 5;
  return turned ? { width: height, height: width } : { width, height };
}

async function readStart(
  path: string,
  subject: string,
): Promise<{ readonly start: Uint8Array; readonly byteLength: number }> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(new Uint8Array(START), 0, START, 0);
    return { start: buffer.subarray(0, bytesRead), byteLength: (await file.stat()).size };
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const found = missing ? "found nothing" : `reading failed (${String(cause)})`;
    throw new PreprocessError(
      missing ? "not-found" : "io",
      `${subject}: expected an image file, ${found}`,
      { subject, cause },
    );
  }
}
