import { applyResizedCrop, drawResizedCrop, evaluationCrop, isEvalError } from "@internvit/eval";
import { resizeRgb, type RgbImage, type Window } from "@internvit/preprocess";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { evaluationWindow } from "../../src/augment/evaluation-crop.ts";
import { chiSquareOfUniform, LIMIT_OF_16_BINS } from "../draws/chi-square.ts";
import { AWKWARD_SIZES, noiseImage } from "./noise-image.ts";

/** A cut-out pixel by pixel, mirrored or not. */
function naiveCut(image: RgbImage, { left, top, width, height }: Window, flip = false): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    const column = flip ? width - 1 - x : x;
    data[i] = image.data[((top + y) * image.width + left + column) * 3 + (i % 3)]!;
  }
  return { width, height, data };
}

/** Where a value lies between two others, from 0 to 1. */
function share(value: number, least: number, most: number): number {
  return Math.min(Math.max((value - least) / (most - least), 0), 1);
}

describe("drawResizedCrop", () => {
  it("gives a sample the same part whatever was drawn before, and another one in every epoch", () => {
    const picture = { width: 500, height: 375 };
    const draw = (epoch: number, index: number) =>
      drawResizedCrop(picture, { seed: 7, epoch, index });
    const forward = Array.from({ length: 50 }, (_, index) => draw(3, index));
    const backward = Array.from({ length: 50 }, (_, i) => draw(3, 49 - i)).toReversed();
    expect(backward).toEqual(forward);
    expect(Array.from({ length: 50 }, (_, index) => draw(4, index))).not.toEqual(forward);
    expect(new Set(forward.map((crop) => JSON.stringify(crop))).size).toBe(50);
  });

  it("draws these very parts: a run that is resumed on another machine or version depends on it", () => {
    const draws = [0, 1, 2].map((index) =>
      drawResizedCrop({ width: 500, height: 375 }, { seed: 1, epoch: 0, index }),
    );
    expect(draws).toMatchInlineSnapshot(`
      [
        {
          "flip": true,
          "window": {
            "height": 264,
            "left": 77,
            "top": 33,
            "width": 345,
          },
        },
        {
          "flip": false,
          "window": {
            "height": 337,
            "left": 53,
            "top": 4,
            "width": 306,
          },
        },
        {
          "flip": false,
          "window": {
            "height": 139,
            "left": 70,
            "top": 80,
            "width": 160,
          },
        },
      ]
    `);
  });

  it("draws area, shape, place and mirror as it should", () => {
    const picture = { width: 4000, height: 4000 };
    // So small that every first attempt fits.
    const areaScale = [0.08, 0.3] as const;
    const draws = Array.from({ length: 8000 }, (_, index) =>
      drawResizedCrop(picture, { seed: 5, epoch: 0, index, areaScale }),
    );
    const of = (number: (crop: Window) => number): number =>
      chiSquareOfUniform(
        draws.map(({ window }) => number(window)),
        16,
      );
    expect(of(({ width, height }) => share((width * height) / 4000 ** 2, 0.08, 0.3))).toBeLessThan(
      LIMIT_OF_16_BINS,
    );
    expect(
      of(({ width, height }) => share(Math.log(width / height), Math.log(3 / 4), Math.log(4 / 3))),
    ).toBeLessThan(LIMIT_OF_16_BINS);
    expect(of(({ left, width }) => left / (4000 - width))).toBeLessThan(LIMIT_OF_16_BINS);
    expect(of(({ top, height }) => top / (4000 - height))).toBeLessThan(LIMIT_OF_16_BINS);
    const flips = draws.filter(({ flip }) => flip).length;
    expect(Math.abs(flips - 4000)).toBeLessThan(4 * Math.sqrt(2000));
  });

  it("refuses limits that are not positive numbers in order", () => {
    for (const limits of [
      [0, 1],
      [1, 0.5],
      [NaN, 1],
      [0.5, Infinity],
    ] as const) {
      for (const name of ["areaScale", "aspectRatio"]) {
        let error: unknown;
        try {
          drawResizedCrop({ width: 9, height: 9 }, { seed: 1, epoch: 0, index: 0, [name]: limits });
        } catch (caught) {
          error = caught;
        }
        expect(isEvalError(error) && error.code).toBe("invalid-argument");
      }
    }
  });
});

describe("applyResizedCrop", () => {
  it.each(AWKWARD_SIZES)(
    "cuts, resizes and mirrors %i x %i as one step after the other does",
    (width, height) => {
      const random = createRandom(width * 1000 + height);
      const image = noiseImage(random, { width, height });
      const kept = image.data.slice();
      for (let index = 0; index < 12; index++) {
        const crop = drawResizedCrop(image, { seed: 2, epoch: 0, index });
        const { window, flip } = crop;
        expect(window.width >= 1 && window.height >= 1 && window.left >= 0 && window.top >= 0).toBe(
          true,
        );
        expect(window.left + window.width <= width && window.top + window.height <= height).toBe(
          true,
        );
        const size = 1 + random.below(40);
        const resized = resizeRgb(naiveCut(image, window), { width: size, height: size });
        const whole = { left: 0, top: 0, width: size, height: size };
        expect(applyResizedCrop(image, crop, { size })).toEqual(naiveCut(resized, whole, flip));
      }
      expect(image.data).toEqual(kept);
      const crop = drawResizedCrop(image, { seed: 2, epoch: 0, index: 0 });
      const data = new Uint8Array(300).fill(9);
      expect(applyResizedCrop(image, crop, { size: 10, data }).data).toBe(data);
      expect(data).toEqual(applyResizedCrop(image, crop, { size: 10 }).data);
    },
  );
});

describe("evaluationCrop", () => {
  it.each(AWKWARD_SIZES)(
    "of %i x %i is the middle of the whole resized picture",
    (width, height) => {
      const image = noiseImage(createRandom(width + height), { width, height });
      const crop = evaluationWindow(image, 20);
      const resized = resizeRgb(image, { width: crop.width, height: crop.height });
      expect(evaluationCrop(image, { size: 20 })).toEqual(naiveCut(resized, crop.window));
    },
  );
});
