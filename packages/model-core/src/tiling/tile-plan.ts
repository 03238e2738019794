// What one picture becomes: resized as a whole to a grid of tiles, cut row by row, and followed by a thumbnail when
// there are several tiles (second half of InternVL 2.5's `dynamic_preprocess`). A plan is plain data and holds no
// pixels; `tilePixels` of @internvit/preprocess carries it out.

import { assertImageSize, type ImageSize } from "./image-size.ts";
import {
  listGrids,
  selectGrid,
  type TileGrid,
  tilingRule,
  type TilingOptions,
} from "./tile-grid.ts";

/** A rectangle in pixels. */
export interface TileRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How one picture becomes tiles. */
export interface TilePlan {
  /** The picture as it came. */
  readonly source: ImageSize;
  /** Pixels per edge of a tile. */
  readonly tileSize: number;
  readonly grid: TileGrid;
  /** What the whole picture is resized to, whatever its aspect ratio: the grid times `tileSize`. */
  readonly resized: ImageSize;
  /** Row by row, in pixels of `resized`; without the thumbnail. */
  readonly tiles: readonly TileRectangle[];
  /** Whether one more tile follows: the whole picture squashed to `tileSize` × `tileSize`. */
  readonly hasThumbnail: boolean;
  /** Tiles that the encoder sees: the grid's, and the thumbnail. */
  readonly tileCount: number;
}

/**
 * The plan for one picture.
 *
 * @throws ModelError `invalid-argument`
 */
export function planTiles(size: ImageSize, options: TilingOptions = {}): TilePlan {
  const rule = tilingRule(options);
  assertImageSize("a picture", size);
  const grid = selectGrid(size, { grids: listGrids(rule), tileSize: rule.tileSize });
  return planGrid(size, { grid, tileSize: rule.tileSize, useThumbnail: rule.useThumbnail });
}

/** The plan for a picture whose grid is chosen; sizes are checked by the caller. */
export function planGrid(
  source: ImageSize,
  options: {
    readonly grid: TileGrid;
    readonly tileSize: number;
    readonly useThumbnail: boolean;
  },
): TilePlan {
  const { grid, tileSize, useThumbnail } = options;
  const { columns, rows } = grid;
  const tiles: TileRectangle[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [left, top] = [column * tileSize, row * tileSize];
      tiles.push({ left, top, width: tileSize, height: tileSize });
    }
  }
  const hasThumbnail = useThumbnail && tiles.length !== 1;
  return {
    source: { width: source.width, height: source.height },
    tileSize,
    grid,
    resized: { width: columns * tileSize, height: rows * tileSize },
    tiles,
    hasThumbnail,
    tileCount: tiles.length + (hasThumbnail ? 1 : 0),
  };
}
