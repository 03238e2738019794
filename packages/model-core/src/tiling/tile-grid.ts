// Which grid of square tiles a picture is cut into: InternVL 2.5's `find_closest_aspect_ratio` and the first half
// of `dynamic_preprocess` (OpenGVLab/InternVL, internvl_chat/internvl/train/dataset.py). Among all grids with an
// allowed number of tiles the one whose aspect ratio is nearest to the picture's is taken. Of equal aspect ratios
// (1:1, 2:2, 3:3) the larger grid is taken only while the picture has more than half of the grid's pixels, so that
// small pictures are not blown up. All comparisons are of IEEE doubles, as in Python.
//
// The order of grids with equally many tiles decides where a picture is exactly as near to two of them, which can
// happen only when `minTiles` is 2 or more and `maxTiles` hardly above it (2.5 lies in the middle of 2:2 and 4:1, and
// with 4 to 4 tiles no other shape is nearer). The reference goes by the order of a Python set of pairs; ours is by
// columns, the order in which the reference finds them. Of the 983,040 plans for 1…6 to 1…40 tiles and sizes in steps
// of 64 up to 4096, 20 differ from those of CPython 3.11 for that reason (4 to 4, 5 to 5 and 6 to 7 tiles).

import { ModelError } from "../errors.ts";
import { assertCount, assertImageSize, type ImageSize } from "./image-size.ts";

/** A grid of tiles. */
export interface TileGrid {
  readonly columns: number;
  readonly rows: number;
}

/** How pictures are tiled. The defaults are those of InternVL 2.5's inference and training. */
export interface TilingOptions {
  /** Pixels per edge of a tile. Default 448. */
  readonly tileSize?: number;
  /** Fewest tiles of a picture, without the thumbnail. Default 1. */
  readonly minTiles?: number;
  /** Most tiles of a picture, without the thumbnail; at most `MAX_TILES`. Default 12. */
  readonly maxTiles?: number;
  /** Whether a picture of several tiles gets one more: the whole picture as one tile. Default true. */
  readonly useThumbnail?: boolean;
}

/** `TilingOptions` with nothing left to default. */
type TilingRule = Required<TilingOptions>;

/** Largest `maxTiles`: a slip of the keyboard should not ask for gigabytes. 4096 tiles of 448 px are 2.5 GB of pixels. */
export const MAX_TILES = 4096;

/** Fills in the defaults and refuses what is not a positive whole number. */
export function tilingRule(options: TilingOptions): TilingRule {
  const { tileSize = 448, minTiles = 1, maxTiles = 12, useThumbnail = true } = options;
  assertCount("tileSize", tileSize);
  assertTileLimits({ minTiles, maxTiles });
  return { tileSize, minTiles, maxTiles, useThumbnail };
}

function assertTileLimits(limits: { readonly minTiles: number; readonly maxTiles: number }): void {
  assertCount("minTiles", limits.minTiles);
  assertCount("maxTiles", limits.maxTiles);
  if (limits.maxTiles > MAX_TILES) {
    throw new ModelError(
      "invalid-argument",
      `maxTiles must be at most ${MAX_TILES}, got ${limits.maxTiles}`,
    );
  }
}

/**
 * All grids of `minTiles` to `maxTiles` tiles, without duplicates, by number of tiles and then by columns (1×6, 2×3,
 * 3×2, 6×1). None when `minTiles` is above `maxTiles`.
 *
 * @throws ModelError `invalid-argument`
 */
export function candidateTileGrids(options: {
  readonly minTiles: number;
  readonly maxTiles: number;
}): readonly TileGrid[] {
  assertTileLimits(options);
  return listGrids(options);
}

/** As `candidateTileGrids`, for checked limits. */
export function listGrids(limits: {
  readonly minTiles: number;
  readonly maxTiles: number;
}): readonly TileGrid[] {
  const grids: TileGrid[] = [];
  for (let tiles = limits.minTiles; tiles <= limits.maxTiles; tiles++) {
    for (let columns = 1; columns <= tiles; columns++) {
      if (tiles % columns === 0) grids.push({ columns, rows: tiles / columns });
    }
  }
  return grids;
}

/**
 * The grid that a picture is cut into. `minTiles` above `maxTiles` leaves no candidate; the answer is then 1×1, as
 * in the reference, where many pictures that share a budget can bring the maximum below the minimum.
 *
 * @throws ModelError `invalid-argument`
 */
export function selectTileGrid(size: ImageSize, options: TilingOptions = {}): TileGrid {
  const rule = tilingRule(options);
  assertImageSize("a picture", size);
  return selectGrid(size, { grids: listGrids(rule), tileSize: rule.tileSize });
}

/** As `selectTileGrid`, for a checked size and candidates by rising number of tiles. */
export function selectGrid(
  size: ImageSize,
  among: { readonly grids: readonly TileGrid[]; readonly tileSize: number },
): TileGrid {
  const { grids, tileSize } = among;
  const aspectRatio = size.width / size.height;
  const area = size.width * size.height;
  let best: TileGrid = { columns: 1, rows: 1 };
  let smallest = Number.POSITIVE_INFINITY;
  for (const grid of grids) {
    const difference = Math.abs(aspectRatio - grid.columns / grid.rows);
    if (difference < smallest) {
      smallest = difference;
      best = grid;
    } else if (
      difference === smallest &&
      area > 0.5 * tileSize * tileSize * grid.columns * grid.rows
    ) {
      best = grid;
    }
  }
  return best;
}
