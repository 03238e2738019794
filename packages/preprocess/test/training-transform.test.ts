import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { jpegQuality, resizeRgb, type RgbImage, transformForTraining } from "../src/index.ts";
import { firstDifference } from "./first-difference.ts";
import { randomImage } from "./random-image.ts";

/** Not JPEG: writes the quality into every byte, so that a result says what was drawn. */
async function stamp(image: RgbImage, { quality }: { quality: number }): Promise<RgbImage> {
  return { ...image, data: new Uint8Array(image.data.length).fill(quality) };
}

describe("transformForTraining", () => {
  const tiles = Array.from({ length: 13 }, () => ({
    width: 4,
    height: 4,
    data: new Uint8Array(48),
  }));
  const options = { seed: 5, sample: 2, tileSize: 4, reencodeJpeg: stamp };

  it("compresses each tile at a quality of its own, the same for the same seed and sample", async () => {
    const results = await transformForTraining(tiles, options);
    const qualities = results.map((tile) => tile.data[0]!);
    expect(qualities).toEqual(tiles.map((_, tile) => jpegQuality({ seed: 5, sample: 2, tile })));
    expect(new Set(qualities).size).toBeGreaterThan(3);
    for (const other of [
      { ...options, seed: 6 },
      { ...options, sample: 3 },
    ]) {
      const changed = await transformForTraining(tiles, other);
      expect(changed.map((tile) => tile.data[0])).not.toEqual(qualities);
    }
    // Whatever else is prepared with it, a tile has its quality.
    const [first] = await transformForTraining(tiles.slice(0, 1), options);
    expect(first!.data[0]).toBe(qualities[0]);
  });

  it("compresses first and resizes after", async () => {
    const image = randomImage(createRandom(31), { width: 30, height: 20 });
    const seen: number[] = [];
    const reencodeJpeg = async (picture: RgbImage): Promise<RgbImage> => {
      seen.push(picture.width, picture.height);
      return { ...picture, data: picture.data.map((level) => 255 - level) };
    };
    const [result] = await transformForTraining([image], { ...options, tileSize: 8, reencodeJpeg });
    expect(seen).toEqual([30, 20]);
    const inverted = { ...image, data: image.data.map((level) => 255 - level) };
    const expected = resizeRgb(inverted, { width: 8, height: 8 });
    expect(firstDifference(result!.data, expected.data)).toBe(-1);
  });
});

describe("jpegQuality", () => {
  it("draws the whole numbers 75 to 100 equally often, over tiles as over samples", () => {
    for (const index of ["sample", "tile"] as const) {
      const counts = new Map<number, number>();
      for (let i = 0; i < 2600; i++) {
        const quality = jpegQuality({ seed: 1, sample: 0, tile: 0, [index]: i });
        counts.set(quality, (counts.get(quality) ?? 0) + 1);
      }
      expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 26 }, (_, i) => 75 + i),
      );
      const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
      // 25 degrees of freedom: above 52.6 in one of a thousand seeds.
      expect(chiSquare).toBeLessThan(52.6);
    }
  });
});
