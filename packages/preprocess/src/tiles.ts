// A tile plan carried out: the bytes that Pillow gives for resizing the whole picture to the grid (bicubic) and
// cutting it, then, for the thumbnail, resizing the whole picture once more (InternVL's `dynamic_preprocess`). The
// resized picture never exists as one: it is made one column of the grid at a time, whose tiles lie in it one after
// the other, and no pixel is computed twice.

import type { TilePlan, Tensor, VisualPlan } from "@internvit/model-core";

import { squareResize } from "./clip.ts";
import { PreprocessError } from "./errors.ts";
import { assertRgbImage, type RgbImage } from "./image.ts";
import { resizeWindow } from "./resize.ts";

/**
 * The tiles of one picture, `[tiles, tileSize, tileSize, 3]`: row by row of the grid, the thumbnail last.
 *
 * @throws PreprocessError `invalid-argument` when the plan is for a picture of another size.
 */
export function tilePixels(image: RgbImage, plan: TilePlan): Tensor<"uint8"> {
  const { tileCount, tileSize } = plan;
  const data = new Uint8Array(tileCount * tileBytes(tileSize));
  writeTiles(image, plan, data);
  return { dtype: "uint8", shape: [tileCount, tileSize, tileSize, 3], data };
}

/**
 * The tiles of one picture as pictures, the thumbnail last. They are views of one buffer; `tilePixels` gives the same
 * bytes as one tensor.
 *
 * @throws PreprocessError `invalid-argument` when the plan is for a picture of another size.
 */
export function tileImage(image: RgbImage, plan: TilePlan): RgbImage[] {
  const { tileCount, tileSize } = plan;
  const { data } = tilePixels(image, plan);
  const bytes = tileBytes(tileSize);
  return Array.from({ length: tileCount }, (_, index) => ({
    width: tileSize,
    height: tileSize,
    data: data.subarray(index * bytes, (index + 1) * bytes),
  }));
}

/**
 * The tiles of all pictures of a plan, one picture after the other, `[tiles, tileSize, tileSize, 3]`: what the encoder
 * takes as `pixels`.
 *
 * @throws PreprocessError `invalid-argument` when the pictures are not those of the plan, in number or size.
 */
export function visualPixels(images: readonly RgbImage[], plan: VisualPlan): Tensor<"uint8"> {
  const { pictures, tileCount } = plan;
  const first = pictures[0];
  if (first === undefined || images.length !== pictures.length) {
    throw new PreprocessError(
      "invalid-argument",
      `expected one image for each of the ${pictures.length} pictures of the plan, got ${images.length}`,
    );
  }
  const { tileSize } = first.plan;
  const bytes = tileBytes(tileSize);
  const data = new Uint8Array(tileCount * bytes);
  for (const [index, picture] of pictures.entries()) {
    const { start, end } = picture.tiles;
    writeTiles(images[index]!, picture.plan, data.subarray(start * bytes, end * bytes));
  }
  return { dtype: "uint8", shape: [tileCount, tileSize, tileSize, 3], data };
}

function tileBytes(tileSize: number): number {
  return tileSize * tileSize * 3;
}

/** Fills `target`, which has room for exactly the plan's tiles. */
function writeTiles(image: RgbImage, plan: TilePlan, target: Uint8Array): void {
  assertRgbImage(image);
  const { source, grid, tileSize, tiles, hasThumbnail } = plan;
  if (source.width !== image.width || source.height !== image.height) {
    throw new PreprocessError(
      "invalid-argument",
      `the plan is for a picture of ${source.width}x${source.height}, but this one is ${image.width}x${image.height}`,
    );
  }
  const { width, height } = plan.resized;
  const bytes = tileBytes(tileSize);
  for (let column = 0; column < grid.columns; column++) {
    const window = { left: column * tileSize, top: 0, width: tileSize, height };
    const strip = resizeWindow(image, { width, height, window });
    for (let row = 0; row < grid.rows; row++) {
      const tile = strip.data.subarray(row * bytes, (row + 1) * bytes);
      target.set(tile, (row * grid.columns + column) * bytes);
    }
  }
  if (!hasThumbnail) return;
  const thumbnail = squareResize(image, { size: tileSize });
  target.set(thumbnail.data, tiles.length * tileBytes(tileSize));
}
