import { describe, expect, it } from "vitest";

import {
  candidateTileGrids,
  type ImageSize,
  MAX_TILES,
  planTiles,
  selectTileGrid,
  type TileGrid,
} from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

const TILE = 448;

/** All sizes of a 64-step scan up to 4096 x 4096. */
const SCAN: readonly ImageSize[] = Array.from({ length: 64 * 64 }, (_, i) => ({
  width: 64 * (1 + (i >> 6)),
  height: 64 * (1 + (i & 63)),
}));

/** Step 1 and 2 of the rule: every pair, by area. */
function naiveCandidates(minTiles: number, maxTiles: number): TileGrid[] {
  const grids: TileGrid[] = [];
  for (let columns = 1; columns <= maxTiles; columns++) {
    for (let rows = 1; rows <= maxTiles; rows++) {
      const allowed = minTiles <= columns * rows && columns * rows <= maxTiles;
      if (allowed) grids.push({ columns, rows });
    }
  }
  return grids.sort((a, b) => a.columns * a.rows - b.columns * b.rows);
}

/** Step 3: the closest aspect ratio, and among equals the last one that the picture half fills. */
function naiveGrid(width: number, height: number, candidates: readonly TileGrid[]): TileGrid {
  let best = { columns: 1, rows: 1 };
  let bestDifference = Infinity;
  for (const { columns, rows } of candidates) {
    const difference = Math.abs(width / height - columns / rows);
    if (difference < bestDifference) [best, bestDifference] = [{ columns, rows }, difference];
    else if (difference === bestDifference && width * height > 0.5 * TILE * TILE * columns * rows)
      best = { columns, rows };
  }
  return best;
}

describe("selectTileGrid", () => {
  it("is a naive reading of the rule for min 1 to 6, max 1 to 40 and all sizes of a 64-step scan", () => {
    const wrong: string[] = [];
    let plans = 0;
    for (let minTiles = 1; minTiles <= 6; minTiles++) {
      for (let maxTiles = 1; maxTiles <= 40; maxTiles++) {
        const candidates = naiveCandidates(minTiles, maxTiles);
        for (const { width, height } of SCAN) {
          const { columns, rows } = naiveGrid(width, height, candidates);
          const plan = planTiles({ width, height }, { minTiles, maxTiles });
          const count = columns * rows;
          plans++;
          const equal =
            plan.grid.columns === columns &&
            plan.grid.rows === rows &&
            plan.resized.width === columns * TILE &&
            plan.resized.height === rows * TILE &&
            plan.tiles.length === count &&
            plan.hasThumbnail === count > 1 &&
            plan.tileCount === (count > 1 ? count + 1 : 1);
          if (!equal) wrong.push(`${minTiles}-${maxTiles} ${width}x${height}`);
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(plans).toBe(983_040);
  });

  it("takes the larger of two grids of one shape only above half of its area", () => {
    const options = { maxTiles: 4 };
    const half = 0.5 * TILE * TILE * 4;
    const side = Math.ceil(Math.sqrt(half));
    expect(side * side).toBeGreaterThan(half);
    expect(selectTileGrid({ width: side, height: side }, options)).toEqual({ columns: 2, rows: 2 });
    const smaller = { width: side - 1, height: side - 1 };
    expect(selectTileGrid(smaller, options)).toEqual({ columns: 1, rows: 1 });
    // Exactly half is not above half: a tile of 2 px makes a 2x2 grid of 16, and 8 is not more than 8.
    const exact = { width: 4, height: 2 };
    const tiny = { tileSize: 2, minTiles: 2, maxTiles: 8 };
    expect(selectTileGrid(exact, tiny)).toEqual({ columns: 2, rows: 1 });
    expect(selectTileGrid({ width: 6, height: 3 }, tiny)).toEqual({ columns: 4, rows: 2 });
  });

  it("gives extreme pictures one row or one column of the most tiles", () => {
    expect(selectTileGrid({ width: 100_000, height: 1 })).toEqual({ columns: 12, rows: 1 });
    expect(selectTileGrid({ width: 1, height: 100_000 })).toEqual({ columns: 1, rows: 12 });
    expect(selectTileGrid({ width: 1, height: 1 })).toEqual({ columns: 1, rows: 1 });
  });

  it("takes 1x1 when the minimum is above the maximum, as the reference does", () => {
    const options = { minTiles: 4, maxTiles: 2 };
    expect(candidateTileGrids(options)).toEqual([]);
    expect(selectTileGrid({ width: 3000, height: 1000 }, options)).toEqual({ columns: 1, rows: 1 });
  });

  it("refuses sizes and limits that are not positive whole numbers", async () => {
    for (const width of [0, -1, 1.5, Number.NaN, Infinity]) {
      const error = await modelErrorOf(() => selectTileGrid({ width, height: 10 }));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(`got ${width}x10`);
    }
    for (const name of ["tileSize", "minTiles", "maxTiles"]) {
      for (const value of [0, -3, 2.5, Number.NaN]) {
        const call = () => selectTileGrid({ width: 10, height: 10 }, { [name]: value });
        const error = await modelErrorOf(call);
        expect(error.code).toBe("invalid-argument");
        expect(error.message).toBe(`${name} must be a positive whole number, got ${value}`);
      }
    }
    const many = await modelErrorOf(() =>
      candidateTileGrids({ minTiles: 1, maxTiles: MAX_TILES + 1 }),
    );
    expect(many.message).toBe(`maxTiles must be at most ${MAX_TILES}, got ${MAX_TILES + 1}`);
  });
});

describe("candidateTileGrids", () => {
  it("lists by number of tiles, then by columns", () => {
    const grids = candidateTileGrids({ minTiles: 4, maxTiles: 6 });
    expect(grids.map(({ columns, rows }) => `${columns}x${rows}`)).toEqual(
      "1x4 2x2 4x1 1x5 5x1 1x6 2x3 3x2 6x1".split(" "),
    );
  });

  it("has every grid once", () => {
    for (const [minTiles, maxTiles] of [
      [1, 40],
      [7, 90],
    ] as const) {
      const grids = candidateTileGrids({ minTiles, maxTiles }).map((g) => `${g.columns}x${g.rows}`);
      const naive = naiveCandidates(minTiles, maxTiles).map((g) => `${g.columns}x${g.rows}`);
      expect(new Set(grids).size).toBe(grids.length);
      expect(grids.toSorted()).toEqual(naive.toSorted());
    }
  });

  it("selects by the order of grids of equally many tiles only where few shapes are allowed", () => {
    // The reference's order is that of a Python set. Reversing ours must change nothing, but for these limits.
    const depends: string[] = [];
    for (let minTiles = 1; minTiles <= 6; minTiles++) {
      for (let maxTiles = minTiles; maxTiles <= 40; maxTiles++) {
        const grids = candidateTileGrids({ minTiles, maxTiles });
        const reversed = grids.toReversed();
        reversed.sort((a, b) => a.columns * a.rows - b.columns * b.rows);
        const differs = SCAN.some(({ width, height }) => {
          const [one, other] = [grids, reversed].map((list) => naiveGrid(width, height, list));
          return one!.columns !== other!.columns || one!.rows !== other!.rows;
        });
        if (differs) depends.push(`${minTiles}-${maxTiles}`);
      }
    }
    expect(depends).toEqual(["2-2", "2-3", "4-4", "4-5", "5-5", "6-6", "6-7"]);
  });
});
