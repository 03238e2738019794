// A picture and its tiles on one sheet: on the left the picture with the grid drawn over it, on the right the tiles
// as the encoder sees them, apart from each other, the thumbnail below. The numbers are positions among the tiles.

import type { TilePlan } from "@internvit/model-core";
import { resizeRgb, type RgbImage } from "@internvit/preprocess";

import { blankImage, type Color, drawNumber, fillRectangle, pasteImage } from "./paint.ts";

const PAPER: Color = [255, 255, 255];
const LINE: Color = [255, 64, 48];
const GAP = 6;
/** Between the two halves, and around everything. */
const MARGIN = 20;
/** Pixels of one half along its longer side. */
const HALF_SIDE = 1200;
const MAX_TILE_SIDE = 224;
const MIN_TILE_SIDE = 16;

/** Draws the sheet. `tiles` are all tiles of the plan in order, the thumbnail last. */
export function drawContactSheet(
  picture: RgbImage,
  { plan, tiles }: { readonly plan: TilePlan; readonly tiles: readonly RgbImage[] },
): RgbImage {
  const { columns, rows } = plan.grid;
  const fitting = Math.floor(HALF_SIDE / Math.max(columns, rows));
  const side = Math.max(Math.min(fitting, MAX_TILE_SIDE), MIN_TILE_SIDE);
  const gridWidth = columns * (side + GAP) - GAP;
  const gridHeight = rows * (side + GAP) - GAP;
  const tilesHeight = gridHeight + (plan.hasThumbnail ? MARGIN + side : 0);
  const overview = drawGrid(fitInside(picture, Math.max(tilesHeight, 2 * side)), plan);

  const left = 2 * MARGIN + overview.width;
  const width = left + gridWidth + MARGIN;
  const height = 2 * MARGIN + Math.max(overview.height, tilesHeight);
  const sheet = blankImage(width, height, PAPER);
  pasteImage(sheet, { image: overview, left: MARGIN, top: MARGIN });
  for (const [index, tile] of tiles.entries()) {
    const isThumbnail = index === columns * rows;
    const column = isThumbnail ? 0 : index % columns;
    const row = isThumbnail ? 0 : Math.floor(index / columns);
    const place = {
      left: left + column * (side + GAP),
      top: MARGIN + (isThumbnail ? gridHeight + MARGIN : row * (side + GAP)),
    };
    pasteImage(sheet, { image: resizeRgb(tile, { width: side, height: side }), ...place });
    drawNumber(sheet, { value: index, ...place, scale: numberScale(side) });
  }
  return sheet;
}

function numberScale(side: number): number {
  return Math.max(1, Math.floor(side / 56));
}

/** The picture in its own aspect ratio, `height` pixels high or as wide as a half may be. */
function fitInside(picture: RgbImage, height: number): RgbImage {
  const scale = Math.min(height / picture.height, HALF_SIDE / picture.width);
  return resizeRgb(picture, {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  });
}

function drawGrid(picture: RgbImage, { grid }: TilePlan): RgbImage {
  const { columns, rows } = grid;
  const { width, height } = picture;
  const x = (column: number): number => Math.round((column * width) / columns);
  const y = (row: number): number => Math.round((row * height) / rows);
  for (let column = 1; column < columns; column++) {
    const rectangle = { left: x(column) - 1, top: 0, width: 2, height };
    fillRectangle(picture, { rectangle, color: LINE });
  }
  for (let row = 1; row < rows; row++) {
    const rectangle = { left: 0, top: y(row) - 1, width, height: 2 };
    fillRectangle(picture, { rectangle, color: LINE });
  }
  const scale = numberScale(Math.min(width / columns, height / rows));
  for (let index = 0; index < columns * rows; index++) {
    const place = { left: x(index % columns) + 2, top: y(Math.floor(index / columns)) + 2 };
    drawNumber(picture, { value: index, ...place, scale });
  }
  return picture;
}
