import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { IMAGENET_NORMALIZATION, padToSquare, SIGLIP_NORMALIZATION } from "../src/index.ts";
import { firstDifference } from "./first-difference.ts";
import { randomImage } from "./random-image.ts";

describe("padToSquare", () => {
  it("puts the picture in the middle of the mean colour, the smaller half left and above", () => {
    const random = createRandom(21);
    const { mean } = IMAGENET_NORMALIZATION;
    // int(0.485 * 255), int(0.456 * 255), int(0.406 * 255)
    const fill = [123, 116, 103];
    for (const [width, height, left, top] of [
      [5, 2, 0, 1],
      [2, 5, 1, 0],
      [4, 2, 0, 1],
      [1, 6, 2, 0],
      [3, 3, 0, 0],
      [1, 1, 0, 0],
    ] as const) {
      const image = randomImage(random, { width, height });
      const side = Math.max(width, height);
      const padded = padToSquare(image, { mean });
      const expected = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
        const [x, y] = [(Math.floor(i / 3) % side) - left, Math.floor(i / 3 / side) - top];
        const inside = x >= 0 && y >= 0 && x < width && y < height;
        return inside ? image.data[(y * width + x) * 3 + (i % 3)]! : fill[i % 3]!;
      });
      expect([padded.width, padded.height]).toEqual([side, side]);
      expect(firstDifference(padded.data, expected)).toBe(-1);
      expect(padded.data).not.toBe(image.data);
    }
  });

  it("drops the fraction of the mean colour", () => {
    const image = { width: 2, height: 1, data: new Uint8Array(6) };
    const { data } = padToSquare(image, { mean: SIGLIP_NORMALIZATION.mean });
    expect([...data.subarray(6)]).toEqual(Array(6).fill(127));
  });
});
