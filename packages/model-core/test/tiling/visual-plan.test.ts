import { describe, expect, it } from "vitest";

import { planImages, planTiles, planVideo, type VisualPlan } from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

const PHOTO = { width: 4000, height: 3000 };
const WIDE = { width: 2000, height: 120 };
const ICON = { width: 32, height: 32 };

function expectContiguous(plan: VisualPlan): void {
  let tiles = 0;
  for (const picture of plan.pictures) {
    expect(picture.tiles).toEqual({ start: tiles, end: tiles + picture.plan.tileCount });
    tiles = picture.tiles.end;
    expect(picture.tokens.start).toBe(picture.tiles.start * plan.tokensPerTile);
    expect(picture.tokens.end).toBe(picture.tiles.end * plan.tokensPerTile);
  }
  expect(plan.tileCount).toBe(tiles);
  expect(plan.tokenCount).toBe(tiles * plan.tokensPerTile);
}

describe("planImages", () => {
  it("plans a single picture as planTiles does", () => {
    for (const tileBudget of ["shared", "per-image"] as const) {
      const plan = planImages([PHOTO], { tokensPerTile: 256, tileBudget });
      expect(plan.kind).toBe("images");
      expect(plan.pictures.map((picture) => picture.plan)).toEqual([planTiles(PHOTO)]);
      expect(plan.tokenCount).toBe(13 * 256);
      expectContiguous(plan);
    }
  });

  it("shares the most tiles among the pictures, rounded down, at least one each", () => {
    const plan = planImages([PHOTO, WIDE, ICON, PHOTO, PHOTO], { tokensPerTile: 64 });
    const expected = [PHOTO, WIDE, ICON, PHOTO, PHOTO].map((size) =>
      planTiles(size, { maxTiles: 2 }),
    );
    expect(plan.pictures.map((picture) => picture.plan)).toEqual(expected);
    expectContiguous(plan);
    const many = planImages(
      Array.from({ length: 30 }, () => PHOTO),
      { tokensPerTile: 64 },
    );
    expect(many.tileCount).toBe(30);
    expectContiguous(many);
  });

  it("gives every picture the most tiles when the budget is per image", () => {
    const options = { tokensPerTile: 256, maxTiles: 6, tileBudget: "per-image" } as const;
    const plan = planImages([PHOTO, WIDE, ICON], options);
    expect(plan.pictures.map((picture) => picture.plan)).toEqual(
      [PHOTO, WIDE, ICON].map((size) => planTiles(size, { maxTiles: 6 })),
    );
    expectContiguous(plan);
  });

  it("gives one tile to pictures whose share is below the minimum", () => {
    const plan = planImages([PHOTO, PHOTO, PHOTO], {
      tokensPerTile: 1,
      minTiles: 6,
      maxTiles: 12,
    });
    expect(plan.pictures.map((picture) => picture.plan.tileCount)).toEqual([1, 1, 1]);
  });

  it("refuses no pictures, impossible sizes and token counts, and says which picture", async () => {
    const none = await modelErrorOf(() => planImages([], { tokensPerTile: 256 }));
    expect(none.code).toBe("invalid-argument");
    expect(none.message).toBe("a plan needs at least one picture, got none");
    const size = await modelErrorOf(() =>
      planImages([PHOTO, { width: 3, height: 0 }], { tokensPerTile: 256 }),
    );
    expect(size.message).toBe(
      "picture 1 needs positive whole numbers as width and height, got 3x0",
    );
    const tokens = await modelErrorOf(() => planImages([PHOTO], { tokensPerTile: 0 }));
    expect(tokens.message).toBe("tokensPerTile must be a positive whole number, got 0");
  });
});

describe("planVideo", () => {
  it("gives every frame one tile without thumbnail", () => {
    const plan = planVideo([PHOTO, PHOTO, WIDE], { tokensPerTile: 256 });
    expect(plan.kind).toBe("video");
    expect(plan.pictures.map((picture) => picture.plan)).toEqual(
      [PHOTO, PHOTO, WIDE].map((size) => planTiles(size, { maxTiles: 1 })),
    );
    expectContiguous(plan);
  });

  it("takes the tile size that it is given", () => {
    const plan = planVideo([ICON], { tokensPerTile: 4, tileSize: 56 });
    expect(plan.pictures[0]!.plan.resized).toEqual({ width: 56, height: 56 });
  });

  it("refuses no frames", async () => {
    const error = await modelErrorOf(() => planVideo([], { tokensPerTile: 256 }));
    expect(error.message).toBe("a plan needs at least one frame, got none");
  });
});
