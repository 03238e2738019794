// A picture with the grid that it is cut by, and its tiles as the encoder sees them.

import type { TilePlan } from "@internvit/model-core";

import { type Box, fitBox, type Surface } from "./surface.ts";

/** Between tiles, in CSS pixels. */
const GAP = 4;

/** Draws the picture in its own aspect ratio, with the grid over it. */
export function drawGrid(
  surface: Surface,
  { picture, plan }: { readonly picture: ImageBitmap; readonly plan: TilePlan },
): void {
  const { context, ratio } = surface;
  const box = fitBox(surface, picture);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, box.left, box.top, box.width, box.height);
  const { columns, rows } = plan.grid;
  context.beginPath();
  for (let column = 1; column < columns; column++) {
    const x = box.left + Math.round((column * box.width) / columns);
    context.moveTo(x, box.top);
    context.lineTo(x, box.top + box.height);
  }
  for (let row = 1; row < rows; row++) {
    const y = box.top + Math.round((row * box.height) / rows);
    context.moveTo(box.left, y);
    context.lineTo(box.left + box.width, y);
  }
  for (const [color, width] of [
    ["rgb(0 0 0 / 60%)", 4],
    ["white", 2],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * ratio;
    context.stroke();
  }
}

/** Draws the tiles apart from each other, squashed as they are encoded; the thumbnail stands below. */
export function drawTiles(
  surface: Surface,
  { picture, plan }: { readonly picture: ImageBitmap; readonly plan: TilePlan },
): void {
  const { context, ratio } = surface;
  const { columns, rows } = plan.grid;
  const gap = GAP * ratio;
  const lines = rows + (plan.hasThumbnail ? 1 : 0);
  // More room between the grid and the thumbnail than between tiles.
  const extra = plan.hasThumbnail ? 2 * gap : 0;
  const side = Math.floor(
    Math.min(
      (surface.width - gap * (columns - 1)) / columns,
      (surface.height - gap * (lines - 1) - extra) / lines,
    ),
  );
  const total = {
    width: columns * (side + gap) - gap,
    height: lines * (side + gap) - gap + extra,
  };
  const left = Math.round((surface.width - total.width) / 2);
  const top = Math.round((surface.height - total.height) / 2);
  context.imageSmoothingQuality = "high";
  const { width, height } = picture;
  for (let tile = 0; tile < columns * rows; tile++) {
    const [column, row] = [tile % columns, Math.floor(tile / columns)];
    const place = { left: left + column * (side + gap), top: top + row * (side + gap) };
    const part = {
      left: (column * width) / columns,
      top: (row * height) / rows,
      width: width / columns,
      height: height / rows,
    };
    drawTile(surface, { picture, part, place: { ...place, width: side, height: side } });
    drawNumber(surface, { text: String(tile + 1), ...place, side });
  }
  if (!plan.hasThumbnail) return;
  const place = { left, top: top + rows * (side + gap) + extra };
  const part = { left: 0, top: 0, width, height };
  drawTile(surface, { picture, part, place: { ...place, width: side, height: side } });
  drawNumber(surface, { text: String(columns * rows + 1), ...place, side });
}

function drawTile(
  { context }: Surface,
  options: { readonly picture: ImageBitmap; readonly part: Box; readonly place: Box },
): void {
  const { picture, part, place } = options;
  context.drawImage(
    picture,
    part.left,
    part.top,
    part.width,
    part.height,
    place.left,
    place.top,
    place.width,
    place.height,
  );
}

function drawNumber(
  { context, ratio }: Surface,
  options: {
    readonly text: string;
    readonly left: number;
    readonly top: number;
    readonly side: number;
  },
): void {
  const { text, left, top, side } = options;
  const size = 11 * ratio;
  if (side < 2.2 * size) return;
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 0.8 * size;
  context.fillStyle = "rgb(0 0 0 / 65%)";
  context.fillRect(left, top, width, 1.5 * size);
  context.fillStyle = "white";
  context.textBaseline = "middle";
  context.fillText(text, left + 0.4 * size, top + 0.8 * size);
}
