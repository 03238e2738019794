import { isEvalError, resizeBilinear, resizeForTest, resizeLabel } from "@internvit/eval";
import type { RgbImage } from "@internvit/preprocess";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { AWKWARD_SIZES, noiseImage } from "../noise-image.ts";

const SIDES = [1, 2, 3, 5, 16, 31, 64, 97];

/** The weighted mean of four pixels in float64, at OpenCV's positions. */
function naiveBilinear(image: RgbImage, size: { width: number; height: number }): number[] {
  const { width, height } = size;
  const pixel = (x: number, y: number, c: number): number => {
    const column = Math.min(Math.max(x, 0), image.width - 1);
    const row = Math.min(Math.max(y, 0), image.height - 1);
    return image.data[(row * image.width + column) * 3 + c]!;
  };
  return Array.from({ length: width * height * 3 }, (_, i) => {
    const x = (((Math.floor(i / 3) % width) + 0.5) * image.width) / width - 0.5;
    const y = ((Math.floor(i / 3 / width) + 0.5) * image.height) / height - 0.5;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const row = (at: number): number =>
      pixel(left, at, i % 3) * (1 - (x - left)) + pixel(left + 1, at, i % 3) * (x - left);
    return row(top) * (1 - (y - top)) + row(top + 1) * (y - top);
  });
}

describe("resizeBilinear", () => {
  it("is within a level of the exact mean of four pixels, at awkward sizes too", () => {
    const random = createRandom(1);
    for (const [width, height] of AWKWARD_SIZES) {
      const image = noiseImage(random, { width, height });
      for (let i = 0; i < 4; i++) {
        const size = { width: random.pick(SIDES), height: random.pick(SIDES) };
        const { data } = resizeBilinear(image, size);
        const far = naiveBilinear(image, size).findIndex(
          (exact, at) => Math.abs(exact - data[at]!) > 1,
        );
        expect(far, `${width}x${height} to ${JSON.stringify(size)}`).toBe(-1);
      }
    }
  });

  it("gives for a window what a crop of the whole result gives, and labels likewise", () => {
    const random = createRandom(2);
    for (let i = 0; i < 60; i++) {
      const image = noiseImage(random, {
        width: 1 + random.below(50),
        height: 1 + random.below(50),
      });
      const label = { ...image, data: image.data.filter((_, at) => at % 3 === 0) };
      const size = { width: 1 + random.below(80), height: 1 + random.below(80) };
      const left = random.below(size.width);
      const top = random.below(size.height);
      const window = {
        left,
        top,
        width: 1 + random.below(size.width - left),
        height: 1 + random.below(size.height - top),
      };
      const whole = resizeBilinear(image, size);
      const part = resizeBilinear(image, { ...size, window });
      const labels = resizeLabel(label, { ...size, window });
      const allLabels = resizeLabel(label, size);
      for (let y = 0; y < window.height; y++) {
        const start = (top + y) * size.width + left;
        expect(part.data.subarray(y * window.width * 3, (y + 1) * window.width * 3)).toEqual(
          whole.data.subarray(start * 3, (start + window.width) * 3),
        );
        expect(labels.data.subarray(y * window.width, (y + 1) * window.width)).toEqual(
          allLabels.data.subarray(start, start + window.width),
        );
      }
    }
  });

  it("leaves a picture of the same size as it is, in new memory", () => {
    const image = noiseImage(createRandom(3), { width: 31, height: 17 });
    const same = resizeBilinear(image, { width: 31, height: 17 });
    expect(same).toEqual(image);
    expect(same.data).not.toBe(image.data);
  });

  it("refuses a window outside the result", () => {
    const image = noiseImage(createRandom(4), { width: 3, height: 3 });
    let error: unknown;
    try {
      resizeBilinear(image, {
        width: 5,
        height: 5,
        window: { left: 3, top: 0, width: 3, height: 5 },
      });
    } catch (caught) {
      error = caught;
    }
    expect(isEvalError(error) && error.code).toBe("invalid-argument");
  });
});

it("labels keep OpenCV's source index where source / target times it should be a whole number", () => {
  const data = Uint8Array.from({ length: 14 }, (_, x) => x);
  const resized = resizeLabel({ width: 14, height: 1, data }, { width: 18, height: 1 });
  // OpenCV 5.0's; 9 * 14 / 18 is 7, but OpenCV finds 6.
  expect([...resized.data]).toEqual([0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 10, 10, 11, 12, 13]);
});

it("pictures to test on have the short side asked for and sides that are whole patches", () => {
  for (const [width, height] of [
    [1, 1],
    [97, 61],
    [3, 40],
    [40, 3],
  ] as const) {
    const image = noiseImage(createRandom(width), { width, height });
    const resized = resizeForTest(image, { shortSide: 28, multiple: 14 });
    expect([resized.width % 14, resized.height % 14]).toEqual([0, 0]);
    expect(Math.min(resized.width, resized.height)).toBe(28);
  }
});
