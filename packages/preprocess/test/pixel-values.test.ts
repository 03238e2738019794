import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { IMAGENET_NORMALIZATION, packPixels, toPixelValues } from "../src/index.ts";
import { randomImage } from "./random-image.ts";

const random = createRandom(1);
const images = [0, 1, 2].map(() => randomImage(random, { width: 5, height: 3 }));

describe("packPixels", () => {
  it("stacks pictures in order as [images, height, width, 3]", () => {
    const { dtype, shape, data } = packPixels(images);
    expect([dtype, shape]).toEqual(["uint8", [3, 3, 5, 3]]);
    expect(data.subarray(45, 90)).toEqual(images[1]!.data);
  });

  it("refuses an empty batch and one of several sizes", () => {
    const other = randomImage(random, { width: 3, height: 5 });
    const expected = expect.objectContaining({ code: "invalid-argument" });
    expect(() => packPixels([])).toThrow(expected);
    expect(() => packPixels([images[0]!, other])).toThrow(/image 0 is 5x3 and image 1 is 3x5/);
  });
});

describe("toPixelValues", () => {
  it("rounds to float32 after every operation, channels first", () => {
    const { dtype, shape, data } = toPixelValues(images, IMAGENET_NORMALIZATION);
    expect([dtype, shape]).toEqual(["float32", [3, 3, 3, 5]]);
    const { mean, std } = IMAGENET_NORMALIZATION;
    const f = Math.fround;
    for (let i = 0; i < data.length; i++) {
      const [image, channel, position] = [Math.floor(i / 45), Math.floor(i / 15) % 3, i % 15];
      const sample = images[image]!.data[position * 3 + channel]!;
      const scaled = f(sample * (1 / 255));
      expect(data[i]).toBe(f(f(scaled - f(mean[channel]!)) / f(std[channel]!)));
    }
  });

  it("fills memory that is given, and refuses memory of another size", () => {
    const expected = toPixelValues(images, IMAGENET_NORMALIZATION);
    const data = new Float32Array(135).fill(Number.NaN);
    const tensor = toPixelValues(images, IMAGENET_NORMALIZATION, { data });
    expect(tensor).toEqual(expected);
    expect(tensor.data).toBe(data);
    const short = new Float32Array(134);
    expect(() => toPixelValues(images, IMAGENET_NORMALIZATION, { data: short })).toThrow(
      "3 images of 5x3 give 135 floats, but data has room for 134",
    );
  });

  it("leaves samples as they are with a factor of 1, no mean and no deviation", () => {
    const plain = { rescaleFactor: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const { data } = toPixelValues(images, plain);
    expect(data[15]).toBe(images[0]!.data[1]);
  });
});
