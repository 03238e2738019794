import { readGoldenJson } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { candidateTileGrids, planTiles, selectTileGrid } from "../../src/index.ts";

interface GoldenTiling {
  readonly min: number;
  readonly max: number;
  readonly tile: number;
  readonly ratios: readonly (readonly [number, number])[];
  readonly cases: readonly (readonly [number, number, number, number])[];
}

describe.each(readGoldenJson<GoldenTiling[]>("tiling.json"))(
  "golden tiling with $min to $max tiles",
  ({ min, max, tile, ratios, cases }) => {
    const options = { tileSize: tile, minTiles: min, maxTiles: max };

    it("has the reference's candidates, by rising number of tiles", () => {
      const grids = candidateTileGrids({ minTiles: min, maxTiles: max });
      const tiles = grids.map(({ columns, rows }) => columns * rows);
      expect(tiles).toEqual(ratios.map(([columns, rows]) => columns * rows));
      expect(grids.map((g) => `${g.columns}x${g.rows}`).toSorted()).toEqual(
        ratios.map(([columns, rows]) => `${columns}x${rows}`).toSorted(),
      );
    });

    it("selects the reference's grid for every size", () => {
      expect(cases.length).toBeGreaterThan(0);
      const selected = cases.map(([width, height]) => {
        const { columns, rows } = selectTileGrid({ width, height }, options);
        expect(planTiles({ width, height }, options).grid).toEqual({ columns, rows });
        return [width, height, columns, rows];
      });
      expect(selected).toEqual(cases);
    });
  },
);
