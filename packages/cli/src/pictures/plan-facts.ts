import type { JsonValue, TilePlan } from "@internvit/model-core";

/** A plan as results tell it. */
export function planFacts(plan: TilePlan): { readonly [key: string]: JsonValue } {
  const { source, resized, grid, tileSize, hasThumbnail, tileCount } = plan;
  return {
    width: source.width,
    height: source.height,
    grid: { columns: grid.columns, rows: grid.rows },
    resized: { width: resized.width, height: resized.height },
    tile_size: tileSize,
    thumbnail: hasThumbnail,
    tile_count: tileCount,
  };
}
