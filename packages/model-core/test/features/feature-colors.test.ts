import { describe, expect, it } from "vitest";

import {
  colorFeatures,
  fitFeaturePalette,
  paintFeatures,
} from "../../src/features/feature-colors.ts";
import { type PatchFeatures, patchFeatures } from "../../src/features/patch-features.ts";
import type { Tensor } from "../../src/tensor.ts";
import { modelErrorOf } from "../model-error-of.ts";

it("two kinds of patches get two colours, and one extreme patch does not hide them", () => {
  const [gridHeight, gridWidth, hidden] = [20, 10, 8];
  const data = new Float32Array(gridHeight * gridWidth * hidden);
  for (let patch = 0; patch < gridHeight * gridWidth; patch++) {
    for (let h = 0; h < hidden; h++) data[patch * hidden + h] = patch % 2 === 0 ? h : -h;
  }
  data[0] = 1000;
  const { image, share } = colorFeatures({ data, gridHeight, gridWidth });
  expect(image).toMatchObject({ width: 10, height: 20 });
  expect(share).toBeCloseTo(1, 5);
  const color = (patch: number): string => image.data.subarray(patch * 3, patch * 3 + 3).join();
  expect(color(3)).toBe(color(5));
  expect(color(2)).toBe(color(4));
  const contrast = [0, 1, 2].map((c) => Math.abs(image.data[9 + c]! - image.data[12 + c]!));
  expect(Math.max(...contrast)).toBeGreaterThan(200);
});

it("equal patches are gray", () => {
  const { image } = colorFeatures({
    data: new Float32Array(4 * 3).fill(2),
    gridHeight: 2,
    gridWidth: 2,
  });
  expect(new Set(image.data)).toEqual(new Set([128]));
});

/** Patches in two rows that are further along the same direction one after the other. */
function features(first: number, count = 6): PatchFeatures {
  const data = Float32Array.from(
    { length: count * 4 },
    (_, i) => first + Math.floor(i / 4) * ((i % 4) + 1),
  );
  return { data, gridHeight: 2, gridWidth: count / 2 };
}

describe("a palette", () => {
  it("that is kept gives equal patches of different pictures the same colour", () => {
    const palette = fitFeaturePalette([features(0), features(3)]);
    const [small, large] = [
      paintFeatures(features(0), palette),
      paintFeatures(features(0, 8), palette),
    ];
    expect(large).toMatchObject({ width: 4, height: 2 });
    expect(large.data.subarray(0, small.data.length)).toEqual(small.data);
  });

  it("of one picture alone is that of colorFeatures", () => {
    const { image, share } = colorFeatures(features(1));
    const palette = fitFeaturePalette([features(1)]);
    expect(paintFeatures(features(1), palette)).toEqual(image);
    expect(palette.share).toBe(share);
  });

  it("refuses features of another width, and no pictures", async () => {
    const palette = fitFeaturePalette([features(0)]);
    const other = { data: new Float32Array(12), gridHeight: 2, gridWidth: 2 };
    expect(await modelErrorOf(() => paintFeatures(other, palette))).toMatchObject({
      code: "mismatch",
      message: expect.stringContaining("4 numbers a patch, found 3"),
    });
    expect((await modelErrorOf(() => fitFeaturePalette([features(0), other]))).code).toBe(
      "mismatch",
    );
    expect((await modelErrorOf(() => fitFeaturePalette([]))).code).toBe("invalid-argument");
  });
});

describe("patchFeatures", () => {
  const hiddenState: Tensor<"float32"> = {
    dtype: "float32",
    shape: [2, 7, 2],
    data: Float32Array.from({ length: 28 }, (_, i) => i),
  };
  const inputSize = { height: 28, width: 42 };

  it("leaves out the class token, of any of the pictures", () => {
    const second = patchFeatures(hiddenState, { inputSize, patchSize: 14, picture: 1 });
    expect(second).toMatchObject({ gridHeight: 2, gridWidth: 3 });
    expect([...second.data]).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]);
  });

  it("refuses tokens that are not those of the patches", async () => {
    expect(
      await modelErrorOf(() => patchFeatures(hiddenState, { inputSize, patchSize: 7 })),
    ).toMatchObject({
      code: "mismatch",
      message: "expected 4x6 patches and a class token, found 7 tokens",
    });
    expect(
      await modelErrorOf(() =>
        patchFeatures(hiddenState, { inputSize, patchSize: 14, picture: 2 }),
      ),
    ).toMatchObject({ code: "invalid-argument" });
  });
});
