// To which sizes pictures are resized for segmentation (mmcv's `rescale_size`, MMSegmentation's `Resize` with a ratio
// range, and the resize to multiples that the segmentation probes test with). Sizes round as int(x + 0.5).

/** Pixels of a picture. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The largest size of a picture: its longer and its shorter side stay within these. */
export interface ScaleLimits {
  readonly long: number;
  readonly short: number;
}

/** The size that keeps the aspect ratio (nearly) and reaches one of the limits. */
export function rescaledSize({ width, height }: Size, limits: ScaleLimits): Size {
  const factor = Math.min(
    limits.long / Math.max(width, height),
    limits.short / Math.min(width, height),
  );
  const scaled = (side: number): number => Math.max(Math.floor(side * factor + 0.5), 1);
  return { width: scaled(width), height: scaled(height) };
}

/** The size of a training picture: limits times a ratio, each truncated to whole pixels. */
export function trainingSize(
  picture: Size,
  drawn: { readonly limits: ScaleLimits; readonly ratio: number },
): Size {
  const { limits, ratio } = drawn;
  const long = Math.trunc(limits.long * ratio);
  const short = Math.trunc(limits.short * ratio);
  return rescaledSize(picture, { long, short });
}

/**
 * The two sizes that a picture takes on for testing, one after the other: its shorter side as asked for, however long
 * the other one gets, then both sides rounded up to multiples of the patch size.
 */
export function testSizes(
  picture: Size,
  options: {
    /** Default 504. */
    readonly shortSide?: number;
    /** Default 14. */
    readonly multiple?: number;
  } = {},
): { readonly afterShortSide: Size; readonly afterMultiple: Size } {
  const { shortSide = 504, multiple = 14 } = options;
  const { width, height } = picture;
  const long = (shortSide * Math.max(width, height)) / Math.min(width, height);
  const afterShortSide = rescaledSize(picture, { long, short: shortSide });
  const roundUp = (side: number): number => Math.ceil(side / multiple) * multiple;
  const afterMultiple = {
    width: roundUp(afterShortSide.width),
    height: roundUp(afterShortSide.height),
  };
  return { afterShortSide, afterMultiple };
}
