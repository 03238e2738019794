import { planImages, planTiles, planVideo, type TilePlan } from "@internvit/model-core";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  isPreprocessError,
  packPixels,
  type RgbImage,
  resizeRgb,
  tileImage,
  tilePixels,
  visualPixels,
} from "../src/index.ts";
import { firstDifference } from "./first-difference.ts";
import { randomImage } from "./random-image.ts";

/** The whole picture resized, then cut pixel by pixel; the thumbnail last. */
function naiveTiles(image: RgbImage, plan: TilePlan): RgbImage[] {
  const whole = resizeRgb(image, plan.resized);
  const tiles = plan.tiles.map(({ left, top, width, height }): RgbImage => {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return whole.data[((top + y) * whole.width + left + x) * 3 + (i % 3)]!;
    });
    return { width, height, data };
  });
  const { tileSize } = plan;
  if (plan.hasThumbnail) tiles.push(resizeRgb(image, { width: tileSize, height: tileSize }));
  return tiles;
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isPreprocessError(error) && error.code === "invalid-argument") return error.message;
    throw error;
  }
  throw new Error("expected a PreprocessError, but the call succeeded");
}

describe("tileImage", () => {
  it("has the bytes of resizing the whole picture and cutting it", () => {
    const random = createRandom(11);
    const sizes = [
      [1, 1],
      [1, 70],
      [97, 1],
      [3, 400],
      [37, 23],
      [150, 100],
      [101, 211],
      // As large as its grid, in one direction or both: a pass, or both, are left out.
      [96, 64],
      [96, 61],
      [91, 64],
      [32, 32],
    ] as const;
    for (const [width, height] of sizes) {
      const image = randomImage(random, { width, height });
      for (const maxTiles of [1, 6, 12]) {
        const plan = planTiles(image, { tileSize: 32, maxTiles });
        const tiles = tileImage(image, plan);
        const naive = naiveTiles(image, plan);
        expect(tiles.length).toBe(plan.tileCount);
        for (const [index, tile] of tiles.entries()) {
          expect([tile.width, tile.height]).toEqual([32, 32]);
          expect(firstDifference(tile.data, naive[index]!.data)).toBe(-1);
        }
      }
    }
  });

  it("has the thumbnail last, and none for a single tile", () => {
    const image = randomImage(createRandom(12), { width: 60, height: 40 });
    const options = { tileSize: 16, maxTiles: 6 };
    const last = tileImage(image, planTiles(image, options)).at(-1)!;
    const thumbnail = resizeRgb(image, { width: 16, height: 16 });
    expect(firstDifference(last.data, thumbnail.data)).toBe(-1);
    expect(tileImage(image, planTiles(image, { ...options, useThumbnail: false })).length).toBe(6);
    const [only, ...none] = tileImage(image, planTiles(image, { ...options, maxTiles: 1 }));
    expect(firstDifference(only!.data, thumbnail.data)).toBe(-1);
    expect(none).toEqual([]);
  });

  it("does not change the picture", () => {
    const image = randomImage(createRandom(13), { width: 50, height: 30 });
    const before = Uint8Array.from(image.data);
    tileImage(image, planTiles(image, { tileSize: 16 }))[0]!.data.fill(0);
    expect(firstDifference(image.data, before)).toBe(-1);
  });

  it("refuses a plan for a picture of another size, and says both", () => {
    const image = randomImage(createRandom(14), { width: 50, height: 30 });
    const message = messageOf(() => tileImage(image, planTiles({ width: 30, height: 50 })));
    expect(message).toBe("the plan is for a picture of 30x50, but this one is 50x30");
  });
});

describe("tilePixels", () => {
  it("is the tiles as packPixels would pack them", () => {
    const image = randomImage(createRandom(15), { width: 50, height: 30 });
    const plan = planTiles(image, { tileSize: 16 });
    const { dtype, shape, data } = tilePixels(image, plan);
    const packed = packPixels(tileImage(image, plan));
    expect([dtype, shape]).toEqual(["uint8", packed.shape]);
    expect(firstDifference(data, packed.data)).toBe(-1);
  });
});

describe("visualPixels", () => {
  it("has every picture's tiles where the plan says", () => {
    const random = createRandom(16);
    const images = [
      randomImage(random, { width: 60, height: 20 }),
      randomImage(random, { width: 5, height: 5 }),
      randomImage(random, { width: 20, height: 60 }),
    ];
    const bytes = 16 * 16 * 3;
    for (const plan of [
      planImages(images, { tokensPerTile: 4, tileSize: 16 }),
      planImages(images, { tokensPerTile: 4, tileSize: 16, tileBudget: "per-image" }),
      planVideo(images, { tokensPerTile: 4, tileSize: 16 }),
    ]) {
      const { shape, data } = visualPixels(images, plan);
      expect(shape).toEqual([plan.tileCount, 16, 16, 3]);
      for (const [index, picture] of plan.pictures.entries()) {
        const { start, end } = picture.tiles;
        const expected = tilePixels(images[index]!, picture.plan).data;
        const found = data.subarray(start * bytes, end * bytes);
        expect(firstDifference(found, expected)).toBe(-1);
      }
    }
  });

  it("refuses another number of pictures than the plan has", () => {
    const image = randomImage(createRandom(17), { width: 5, height: 5 });
    const plan = planImages([image, image], { tokensPerTile: 4 });
    expect(messageOf(() => visualPixels([image], plan))).toBe(
      "expected one image for each of the 2 pictures of the plan, got 1",
    );
  });
});
