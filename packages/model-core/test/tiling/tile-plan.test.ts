import { describe, expect, it } from "vitest";

import { planTiles } from "../../src/index.ts";

describe("planTiles", () => {
  it("cuts row by row and adds the thumbnail to the count, not to the rectangles", () => {
    const plan = planTiles({ width: 900, height: 600 }, { maxTiles: 6, tileSize: 100 });
    expect(plan).toEqual({
      source: { width: 900, height: 600 },
      tileSize: 100,
      grid: { columns: 3, rows: 2 },
      resized: { width: 300, height: 200 },
      tiles: [
        { left: 0, top: 0, width: 100, height: 100 },
        { left: 100, top: 0, width: 100, height: 100 },
        { left: 200, top: 0, width: 100, height: 100 },
        { left: 0, top: 100, width: 100, height: 100 },
        { left: 100, top: 100, width: 100, height: 100 },
        { left: 200, top: 100, width: 100, height: 100 },
      ],
      hasThumbnail: true,
      tileCount: 7,
    });
  });

  it("has 448 px tiles, 1 to 12 of them, and a thumbnail when nothing is said", () => {
    const plan = planTiles({ width: 4000, height: 3000 });
    expect(plan.grid).toEqual({ columns: 4, rows: 3 });
    expect(plan.resized).toEqual({ width: 4 * 448, height: 3 * 448 });
    expect(plan.tileCount).toBe(13);
  });

  it("gives a single tile no thumbnail", () => {
    for (const size of [
      { width: 1, height: 1 },
      { width: 300, height: 300 },
    ]) {
      const plan = planTiles(size);
      expect(plan.tiles).toEqual([{ left: 0, top: 0, width: 448, height: 448 }]);
      expect(plan.hasThumbnail).toBe(false);
      expect(plan.tileCount).toBe(1);
    }
  });

  it("leaves the thumbnail out when told so", () => {
    const plan = planTiles({ width: 4000, height: 3000 }, { useThumbnail: false });
    expect(plan.hasThumbnail).toBe(false);
    expect(plan.tileCount).toBe(12);
  });

  it("holds nothing but plain data", () => {
    const plan = planTiles({ width: 37, height: 2300 });
    expect(structuredClone(plan)).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
