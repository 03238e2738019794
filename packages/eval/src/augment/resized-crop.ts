// What the classification probes see of a training picture (recipe: `build_transform_for_linear_probe` of InternVL's
// classification code; torchvision's RandomResizedCrop, then RandomHorizontalFlip): a part of random area and shape,
// squashed to a square, every other time mirrored. The part is cut out first and resized then, so that the filter
// sees nothing outside of it: Pillow's `crop(box).resize(size, BICUBIC)`, byte for byte.
//
// Deviation: the draws are torchvision's in kind, not its numbers: they come from a generator of the sample's own.

import { resizeRgb, type ResizeFilter, type RgbImage, type Window } from "@internvit/preprocess";

import { EvalError } from "../errors.ts";
import { sampleRandom, type SampleKey } from "./draw-source.ts";
import { exp, log } from "../draws/elementary-functions.ts";
import { roundHalfEven } from "./round-half-even.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A drawn part of a picture, as plain data. */
export interface ResizedCrop {
  /** The part, in pixels of the picture. */
  readonly window: Window;
  /** Whether the result is mirrored along x. */
  readonly flip: boolean;
}

/** Which sample is drawn for, and from what. */
export interface ResizedCropOptions extends SampleKey {
  /** Least and largest share of the picture's area. Default 0.08 and 1. */
  readonly areaScale?: readonly [number, number];
  /** Least and largest width over height, uniform in the logarithm. Default 3/4 and 4/3. */
  readonly aspectRatio?: readonly [number, number];
  /** Default 0.5. */
  readonly flipProbability?: number;
}

/** Parts that are drawn before the middle of the picture is taken instead. */
const ATTEMPTS = 10;

/**
 * Draws the part of a picture that an epoch shows: the same for the same seed, epoch and index, on any machine.
 *
 * @throws ModelError `invalid-argument` for a seed, epoch or index out of range
 * @throws EvalError `invalid-argument` for limits that are not positive numbers in order
 */
export function drawResizedCrop(picture: Size, options: ResizedCropOptions): ResizedCrop {
  const { areaScale = [0.08, 1], aspectRatio = [3 / 4, 4 / 3], flipProbability = 0.5 } = options;
  assertLimits("areaScale", areaScale);
  assertLimits("aspectRatio", aspectRatio);
  const random = sampleRandom(options, "resizedCrop");
  const [leastLog, mostLog] = [log(aspectRatio[0]), log(aspectRatio[1])];
  let window = fallbackWindow(picture, aspectRatio);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const areaFraction = areaScale[0] + (areaScale[1] - areaScale[0]) * random.uniform();
    const aspect = exp(leastLog + (mostLog - leastLog) * random.uniform());
    const { width, height } = attemptedSize(picture, { areaFraction, aspect });
    if (!fits({ width, height }, picture)) continue;
    const top = random.integer(0, picture.height - height);
    const left = random.integer(0, picture.width - width);
    window = { left, top, width, height };
    break;
  }
  return { window, flip: random.uniform() < flipProbability };
}

function assertLimits(name: string, [least, most]: readonly [number, number]): void {
  if (least > 0 && least <= most && most < Infinity) return;
  throw new EvalError(
    "invalid-argument",
    `${name}: expected two positive numbers in order, got ${least} and ${most}`,
  );
}

/** The sides that belong to a share of the picture's area and an aspect ratio; they may not fit. */
export function attemptedSize(
  picture: Size,
  drawn: { readonly areaFraction: number; readonly aspect: number },
): Size {
  const area = picture.width * picture.height * drawn.areaFraction;
  return {
    width: roundHalfEven(Math.sqrt(area * drawn.aspect)),
    height: roundHalfEven(Math.sqrt(area / drawn.aspect)),
  };
}

/** Whether drawn sides are a part of the picture. */
export function fits({ width, height }: Size, picture: Size): boolean {
  return width > 0 && width <= picture.width && height > 0 && height <= picture.height;
}

/** The middle of the picture, as much of it as the limits of the aspect ratio allow. */
export function fallbackWindow(picture: Size, aspectRatio: readonly [number, number]): Window {
  const [least, most] = aspectRatio;
  const aspect = picture.width / picture.height;
  let { width, height } = picture;
  if (aspect < least) height = Math.max(roundHalfEven(width / least), 1);
  else if (aspect > most) width = Math.max(roundHalfEven(height * most), 1);
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  return { left, top, width, height };
}

/**
 * Resizes the part, as if it were cut out first, to a square of `size` x `size`, and mirrors it where so drawn.
 *
 * @throws PreprocessError `invalid-argument` for a part that leaves the picture, or `data` of another length
 */
export function applyResizedCrop(
  image: RgbImage,
  crop: ResizedCrop,
  options: {
    /** Pixels per edge of the result. Default 448. */
    readonly size?: number;
    /** Default `"bicubic"`. */
    readonly filter?: ResizeFilter;
    /** Where the `size * size * 3` bytes go, such as a picture's place in a batch. Default: new memory. */
    readonly data?: Uint8Array;
  } = {},
): RgbImage {
  const { size = 448, ...resize } = options;
  const { window: from, flip: mirror } = crop;
  return resizeRgb(image, { ...resize, width: size, height: size, from, mirror });
}
