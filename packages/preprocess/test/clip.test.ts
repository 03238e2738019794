import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  clipCrop,
  parseImageProcessorConfig,
  resizeRgb,
  squareResize,
  type RgbImage,
} from "../src/index.ts";
import { randomImage } from "./random-image.ts";

function config(size: unknown, crop: number | { height: number; width: number }, rest = {}) {
  return parseImageProcessorConfig({ size, crop_size: crop, ...rest });
}

function pixel(image: RgbImage, x: number, y: number): readonly number[] {
  const p = (y * image.width + x) * 3;
  return [...image.data.subarray(p, p + 3)];
}

describe("clipCrop", () => {
  it("resizes the shortest edge, truncates the other, and cuts out the middle", () => {
    const image = randomImage(createRandom(1), { width: 101, height: 67 });
    const crop = clipCrop(image, config(40, 40));
    // int(40 * 101 / 67) = 60; the crop starts at (60 - 40) // 2.
    const whole = resizeRgb(image, { width: 60, height: 40 });
    expect([crop.width, crop.height]).toEqual([40, 40]);
    expect(pixel(crop, 0, 0)).toEqual(pixel(whole, 10, 0));
    expect(pixel(crop, 39, 39)).toEqual(pixel(whole, 49, 39));
  });

  it("surrounds a picture that is smaller than the crop with zeros, the odd one left and above", () => {
    const image = randomImage(createRandom(2), { width: 4, height: 3 });
    const crop = clipCrop(image, config(3, { height: 6, width: 9 }));
    expect([crop.width, crop.height]).toEqual([9, 6]);
    // ceil((9 - 4) / 2) = 3 columns and ceil((6 - 3) / 2) = 2 rows come first.
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 9; x++) {
        const inside = x >= 3 && x < 7 && y >= 2 && y < 5;
        expect(pixel(crop, x, y)).toEqual(inside ? pixel(image, x - 3, y - 2) : [0, 0, 0]);
      }
    }
  });

  it("crops one axis and pads the other", () => {
    const image = randomImage(createRandom(3), { width: 9, height: 3 });
    const crop = clipCrop(image, config(3, { height: 5, width: 4 }, { do_resize: false }));
    expect(pixel(crop, 0, 0)).toEqual([0, 0, 0]);
    expect(pixel(crop, 0, 1)).toEqual(pixel(image, 2, 0));
    expect(pixel(crop, 3, 3)).toEqual(pixel(image, 5, 2));
    expect(pixel(crop, 3, 4)).toEqual([0, 0, 0]);
  });

  it("leaves out the steps that are switched off", () => {
    const image = randomImage(createRandom(4), { width: 12, height: 8 });
    expect(clipCrop(image, config(4, 4, { do_resize: false, do_center_crop: false }))).toEqual(
      image,
    );
    const resized = clipCrop(image, config(4, 4, { do_center_crop: false }));
    expect(resized).toEqual(resizeRgb(image, { width: 6, height: 4 }));
  });

  it("takes exact sizes and other filters from the config", () => {
    const image = randomImage(createRandom(5), { width: 12, height: 8 });
    const exact = config({ height: 5, width: 7 }, 5, { do_center_crop: false, resample: 2 });
    expect(clipCrop(image, exact)).toEqual(
      resizeRgb(image, { width: 7, height: 5, filter: "bilinear" }),
    );
  });

  it.each([
    // [width, height] with shortest 40 and longest 60, as transformers computes them.
    [100, 80, 50, 40],
    [300, 100, 60, 20],
    [100, 300, 20, 60],
    [40, 50, 40, 50],
    [701, 233, 60, 20],
  ])("bounds the longest edge: %ix%i becomes %ix%i", (width, height, toWidth, toHeight) => {
    const image = randomImage(createRandom(6), { width, height });
    const bounded = { shortest_edge: 40, longest_edge: 60 };
    const result = clipCrop(image, config(bounded, 4, { do_center_crop: false }));
    expect([result.width, result.height]).toEqual([toWidth, toHeight]);
  });

  it("pays only for the crop of a picture whose resized whole would not fit into memory", () => {
    // A ramp in steps so wide that the filter sees one level only.
    const width = 40_000;
    const data = Uint8Array.from({ length: width * 3 }, (_, i) => Math.floor((i / 3 + 500) / 1000));
    const image = { width, height: 1, data };
    const crop = clipCrop(image, config(448, 448));
    expect([crop.width, crop.height]).toEqual([448, 448]);
    expect(pixel(crop, 224, 0)).toEqual([20, 20, 20]);
  });
});

describe("squareResize", () => {
  it("squashes the whole picture", () => {
    const image = randomImage(createRandom(8), { width: 30, height: 20 });
    expect(squareResize(image, { size: 8 })).toEqual(resizeRgb(image, { width: 8, height: 8 }));
    expect(squareResize(image, { size: 8, filter: "box" })).toEqual(
      resizeRgb(image, { width: 8, height: 8, filter: "box" }),
    );
  });
});
