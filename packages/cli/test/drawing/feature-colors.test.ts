import { expect, it } from "vitest";

import { colorFeatures } from "../../src/drawing/feature-colors.ts";

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
