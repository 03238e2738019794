// What several pictures, or the frames of a video, become together: one plan per picture, and where each picture's
// tiles and visual tokens stand among all of them. Pixels, token counts and prompt text are all made from this one
// value, so that they cannot disagree.
//
// Budgets are those of InternVL 2.5's data set code: one picture may have `maxTiles` tiles; several pictures of one
// sample share them, max(1, floor(maxTiles / pictures)) each, and every one gets its own thumbnail on top; a frame
// of a video is one tile.

import { ModelError } from "../errors.ts";
import { assertCount, assertImageSize, type ImageSize } from "./image-size.ts";
import { listGrids, selectGrid, tilingRule, type TilingOptions } from "./tile-grid.ts";
import { planGrid, type TilePlan } from "./tile-plan.ts";

/** The positions `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One picture of a `VisualPlan`. */
export interface PlannedPicture {
  readonly plan: TilePlan;
  /** Its tiles among all tiles. */
  readonly tiles: Span;
  /** Its visual tokens among all visual tokens. */
  readonly tokens: Span;
}

/** What a sample's pictures, or a video's frames, become: the source of tiles, token counts and prompt alike. */
export interface VisualPlan {
  /** Whether the pictures are pictures or a video's frames: the prompt names them accordingly. */
  readonly kind: "images" | "video";
  /** Visual tokens of a tile; 256 for 448 px tiles with a downsample ratio of 0.5. */
  readonly tokensPerTile: number;
  readonly pictures: readonly PlannedPicture[];
  /** Tiles of all pictures, thumbnails included. */
  readonly tileCount: number;
  /** `tileCount * tokensPerTile`. */
  readonly tokenCount: number;
}

/** How the pictures of one sample are tiled. */
export interface VisualPlanOptions extends TilingOptions {
  /** Visual tokens that the projector makes of one tile. */
  readonly tokensPerTile: number;
  /**
   * Whose `maxTiles` are: `"shared"` (default, as in training) gives each of k pictures max(1, floor(maxTiles / k)),
   * `"per-image"` gives every picture all of them. Without difference for one picture.
   */
  readonly tileBudget?: "shared" | "per-image";
}

/**
 * The plan for the pictures of one sample, in their order.
 *
 * @throws ModelError `invalid-argument`, also when there is no picture.
 */
export function planImages(sizes: readonly ImageSize[], options: VisualPlanOptions): VisualPlan {
  const { tokensPerTile, tileBudget = "shared" } = options;
  const { tileSize, minTiles, maxTiles, useThumbnail } = tilingRule(options);
  assertSizes(sizes, "picture");
  const shared = Math.max(1, Math.floor(maxTiles / sizes.length));
  const grids = listGrids({ minTiles, maxTiles: tileBudget === "shared" ? shared : maxTiles });
  const plans = sizes.map((size) =>
    planGrid(size, { grid: selectGrid(size, { grids, tileSize }), tileSize, useThumbnail }),
  );
  return joinPlans(plans, { kind: "images", tokensPerTile });
}

/**
 * The plan for the frames of a video: one tile each, without thumbnail.
 *
 * @throws ModelError `invalid-argument`, also when there is no frame.
 */
export function planVideo(
  frames: readonly ImageSize[],
  options: {
    /** Visual tokens that the projector makes of one tile. */
    readonly tokensPerTile: number;
    /** Pixels per edge of a tile. Default 448. */
    readonly tileSize?: number;
  },
): VisualPlan {
  const { tokensPerTile, tileSize = 448 } = options;
  assertCount("tileSize", tileSize);
  assertSizes(frames, "frame");
  const one = { grid: { columns: 1, rows: 1 }, tileSize, useThumbnail: false };
  const plans = frames.map((size) => planGrid(size, one));
  return joinPlans(plans, { kind: "video", tokensPerTile });
}

function assertSizes(sizes: readonly ImageSize[], what: "picture" | "frame"): void {
  if (sizes.length === 0) {
    throw new ModelError("invalid-argument", `a plan needs at least one ${what}, got none`);
  }
  for (const [index, size] of sizes.entries()) assertImageSize(`${what} ${index}`, size);
}

function joinPlans(
  plans: readonly TilePlan[],
  options: { readonly kind: VisualPlan["kind"]; readonly tokensPerTile: number },
): VisualPlan {
  const { kind, tokensPerTile } = options;
  assertCount("tokensPerTile", tokensPerTile);
  let tileCount = 0;
  const pictures = plans.map((plan): PlannedPicture => {
    const start = tileCount;
    tileCount += plan.tileCount;
    const tokens = { start: start * tokensPerTile, end: tileCount * tokensPerTile };
    return { plan, tiles: { start, end: tileCount }, tokens };
  });
  return { kind, tokensPerTile, pictures, tileCount, tokenCount: tileCount * tokensPerTile };
}
