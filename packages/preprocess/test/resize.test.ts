import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { isPreprocessError, resizeRgb, resizeWindow, type RgbImage } from "../src/index.ts";
import type { ResizeFilter } from "../src/resample/filters.ts";
import { createKernels } from "../src/kernels/load-kernels.ts";
import { scalarResample } from "../src/resample/scalar-resample.ts";
import { createSimdResample } from "../src/resample/simd-resample.ts";
import { copyWindow } from "../src/resample/window.ts";
import { resampleWindow } from "../src/resize.ts";
import { firstDifference } from "./first-difference.ts";
import { naiveResize } from "./naive-resize.ts";
import { randomImage } from "./random-image.ts";

const FILTERS = ["box", "bilinear", "hamming", "bicubic", "lanczos"] as const;

const simdResample = createSimdResample(createKernels()!);

/** The implementations whose bytes are not the naive ones. */
function differingFromNaive(
  image: RgbImage,
  options: { width: number; height: number; filter: Exclude<ResizeFilter, "nearest"> },
): readonly string[] {
  const { width, height } = options;
  const expected = naiveResize(image, options).data;
  const results: Record<string, RgbImage> = { shared: resizeRgb(image, options) };
  if (width !== image.width || height !== image.height) {
    const window = { left: 0, top: 0, width, height };
    results["scalar"] = resampleWindow(image, { ...options, window, resample: scalarResample });
    results["simd"] = resampleWindow(image, { ...options, window, resample: simdResample });
  }
  return Object.keys(results).filter((key) => firstDifference(results[key]!.data, expected) !== -1);
}

/** Turns every row around, pixel by pixel. */
function mirrorRows({ width, data }: RgbImage): void {
  const forward = data.slice();
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / 3) % width;
    data[i] = forward[i + (width - 1 - 2 * x) * 3]!;
  }
}

describe("resizeRgb", () => {
  it("equals the naive resize for 1-pixel, prime-sized, enlarged and shrunken pictures", () => {
    const random = createRandom(1);
    const sides = [1, 2, 3, 5, 7, 13, 16, 17, 31, 61, 97];
    for (let i = 0; i < 150; i++) {
      const image = randomImage(random, { width: random.pick(sides), height: random.pick(sides) });
      const size = { width: random.pick(sides), height: random.pick(sides) };
      const options = { ...size, filter: random.pick(FILTERS) };
      expect(differingFromNaive(image, options), `case ${i}: ${JSON.stringify(options)}`).toEqual(
        [],
      );
    }
  });

  it.each([
    [1, 700, 9, 20],
    [3, 301, 5, 300],
    [2, 201, 2, 40],
    [700, 1, 20, 9],
    [4001, 3, 2, 2],
    [2, 3, 701, 2],
  ])("equals the naive resize for the extreme ratio %ix%i to %ix%i", (w, h, width, height) => {
    const image = randomImage(createRandom(w + h), { width: w, height: h });
    for (const filter of FILTERS) {
      expect(differingFromNaive(image, { width, height, filter }), `${filter}`).toEqual([]);
    }
  });

  it("equals the naive resize where the fixed SIMD memory takes several blocks", () => {
    const image = randomImage(createRandom(5), { width: 1501, height: 611 });
    expect(differingFromNaive(image, { width: 449, height: 307, filter: "bicubic" })).toEqual([]);
  });

  it("equals the naive resize where rows are too long for the SIMD memory", () => {
    const image = randomImage(createRandom(6), { width: 400_000, height: 2 });
    expect(differingFromNaive(image, { width: 3, height: 5, filter: "bilinear" })).toEqual([]);
  });

  it("gives for a part what resizing the cut-out gives, mirrored or not, to new memory and to old", () => {
    const random = createRandom(8);
    for (let i = 0; i < 120; i++) {
      const image = randomImage(random, {
        width: 1 + random.below(60),
        height: 1 + random.below(i % 10 === 0 ? 900 : 60),
      });
      const left = random.below(image.width);
      const top = random.below(image.height);
      const from = {
        left,
        top,
        width: 1 + random.below(image.width - left),
        height: 1 + random.below(image.height - top),
      };
      const filter = random.pick([...FILTERS, "nearest"] as const);
      const same = i % 7 === 0;
      const width = same ? from.width : 1 + random.below(70);
      const height = same ? from.height : 1 + random.below(70);
      const mirror = random.below(2) === 1;
      const expected = resizeRgb(copyWindow(image, from), { width, height, filter });
      if (mirror) mirrorRows(expected);
      const data = new Uint8Array(width * height * 3).fill(99);
      const fresh = resizeRgb(image, { width, height, filter, from, mirror });
      expect(firstDifference(fresh.data, expected.data), `case ${i}`).toBe(-1);
      expect(resizeRgb(image, { width, height, filter, from, mirror, data }).data).toBe(data);
      expect(firstDifference(data, expected.data), `case ${i}`).toBe(-1);
    }
  });

  it("gives for a window what a crop of the whole result gives", () => {
    const random = createRandom(7);
    for (let i = 0; i < 60; i++) {
      const image = randomImage(random, {
        width: 1 + random.below(50),
        height: 1 + random.below(50),
      });
      const [width, height] = [1 + random.below(60), 1 + random.below(60)];
      const filter = random.pick([...FILTERS, "nearest"] as const);
      const left = random.below(width);
      const top = random.below(height);
      const window = {
        left,
        top,
        width: 1 + random.below(width - left),
        height: 1 + random.below(height - top),
      };
      const whole = resizeRgb(image, { width, height, filter });
      const part = resizeWindow(image, { width, height, filter, window });
      expect(part).toEqual(copyWindow(whole, window));
    }
  });

  it("picks the pixel in the middle for nearest", () => {
    const image = randomImage(createRandom(8), { width: 7, height: 5 });
    const { data } = resizeRgb(image, { width: 3, height: 11, filter: "nearest" });
    for (let y = 0; y < 11; y++) {
      for (let x = 0; x < 3; x++) {
        const p = (Math.floor(((y + 0.5) * 5) / 11) * 7 + Math.floor(((x + 0.5) * 7) / 3)) * 3;
        expect([...data.subarray((y * 3 + x) * 3, (y * 3 + x) * 3 + 3)]).toEqual([
          ...image.data.subarray(p, p + 3),
        ]);
      }
    }
  });

  it("copies a picture that has the size already", () => {
    const image = randomImage(createRandom(9), { width: 4, height: 3 });
    const copy = resizeRgb(image, { width: 4, height: 3, filter: "lanczos" });
    expect(copy).toEqual(image);
    expect(copy.data.buffer).not.toBe(image.data.buffer);
  });

  it("never changes its input and never returns its scratch memory", () => {
    const image = randomImage(createRandom(10), { width: 40, height: 30 });
    const before = Uint8Array.from(image.data);
    const first = resizeRgb(image, { width: 20, height: 20 });
    const kept = Uint8Array.from(first.data);
    resizeRgb(randomImage(createRandom(11), { width: 40, height: 30 }), { width: 20, height: 20 });
    expect(first.data).toEqual(kept);
    expect(image.data).toEqual(before);
  });

  it.each([
    ["data that does not fit the size", { width: 2, height: 2, data: new Uint8Array(3) }, 1, 1],
    ["a picture without pixels", { width: 0, height: 2, data: new Uint8Array(0) }, 1, 1],
    ["a size of zero", { width: 1, height: 1, data: new Uint8Array(3) }, 0, 1],
    ["a broken size", { width: 1, height: 1, data: new Uint8Array(3) }, 1.5, Number.NaN],
  ])("refuses %s", (_, image, width, height) => {
    expect(() => resizeRgb(image, { width, height })).toThrow(
      expect.objectContaining({ name: "PreprocessError", code: "invalid-argument" }),
    );
  });

  it("refuses a window that leaves the result", () => {
    const image = randomImage(createRandom(12), { width: 4, height: 3 });
    let error: unknown;
    try {
      const window = { left: 3, top: 0, width: 3, height: 2 };
      resizeWindow(image, { width: 5, height: 5, window });
    } catch (caught) {
      error = caught;
    }
    expect(isPreprocessError(error)).toBe(true);
    expect(String(error)).toContain("3x2 at 3,0 leaves the 5x5 result");
  });
});
