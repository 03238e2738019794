// The kernels against the plain JavaScript that they replace, on many more cases than the goldens have.

import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  type JpegSamples,
  scalarJpegColors,
  simdJpegColors,
} from "../../src/canvas/jpeg-samples.ts";
import { createKernels } from "../../src/kernels/load-kernels.ts";
import { createSimdNormalize, scalarNormalize } from "../../src/normalize-pixels.ts";
import { scalarResample } from "../../src/resample/scalar-resample.ts";
import { createSimdResample } from "../../src/resample/simd-resample.ts";
import { resampleWindow } from "../../src/resize.ts";
import { firstDifference } from "../first-difference.ts";
import { randomImage } from "../random-image.ts";

const FILTERS = ["box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61];

const kernels = createKernels()!;
const simdResample = createSimdResample(kernels);
const simdNormalize = createSimdNormalize(kernels);

describe("the SIMD resize", () => {
  it("equals the plain JavaScript one for 10,000 random sizes, filters and windows", () => {
    const random = createRandom(2026);
    const differing: unknown[] = [];
    // Every case takes its pixels from somewhere in here; one half overshoots more than the other.
    const noise = [1, 2].map((seed) =>
      randomImage(createRandom(seed), { width: 400, height: 200 }),
    );
    const side = (): number => {
      const kind = random.below(10);
      if (kind === 0) return 1;
      if (kind < 4) return random.pick(PRIMES);
      return 1 + random.below(kind === 9 ? 160 : 40);
    };
    for (let i = 0; i < 10_000; i++) {
      const [from, to] = [
        { width: side(), height: side() },
        { width: side(), height: side() },
      ];
      if (from.width === to.width && from.height === to.height) continue;
      const { data } = random.pick(noise);
      const bytes = from.width * from.height * 3;
      const start = random.below(data.length - bytes + 1);
      const image = { ...from, data: data.subarray(start, start + bytes) };
      const whole = random.below(2) === 0;
      const left = whole ? 0 : random.below(to.width);
      const top = whole ? 0 : random.below(to.height);
      const window = {
        left,
        top,
        width: whole ? to.width : 1 + random.below(to.width - left),
        height: whole ? to.height : 1 + random.below(to.height - top),
      };
      const options = { ...to, filter: random.pick(FILTERS), window };
      const expected = resampleWindow(image, { ...options, resample: scalarResample });
      const made = resampleWindow(image, { ...options, resample: simdResample });
      if (firstDifference(made.data, expected.data) !== -1) differing.push({ i, from, options });
    }
    expect(differing).toEqual([]);
  });

  it.each([
    { from: [3001, 40], to: [448, 30], filter: "lanczos" },
    { from: [64, 5003], to: [67, 449], filter: "bicubic" },
    { from: [640, 480], to: [640, 448], filter: "bicubic" },
    { from: [640, 480], to: [448, 480], filter: "bilinear" },
    { from: [97, 61], to: [1201, 907], filter: "bicubic" },
    { from: [9001, 30], to: [8999, 60], filter: "box" },
  ] as const)("equals it in many blocks: $filter from $from to $to", ({ from, to, filter }) => {
    const image = randomImage(createRandom(from[0]), { width: from[0], height: from[1] });
    const [width, height] = to;
    for (const window of [
      { left: 0, top: 0, width, height },
      { left: 17, top: 5, width: width - 40, height: height - 9 },
    ]) {
      const options = { width, height, filter, window };
      const expected = resampleWindow(image, { ...options, resample: scalarResample });
      const made = resampleWindow(image, { ...options, resample: simdResample });
      expect(firstDifference(made.data, expected.data)).toBe(-1);
    }
  });
});

describe("the SIMD normalisation", () => {
  it("equals the plain JavaScript one bit for bit, for 10,000 random sizes and tables", () => {
    const random = createRandom(7);
    const differing: unknown[] = [];
    const { data } = randomImage(createRandom(3), { width: 400, height: 400 });
    const values = Float32Array.from({ length: 768 * 8 }, () => Math.tan(random.next() * Math.PI));
    for (let i = 0; i < 10_000; i++) {
      // Some fill a block of the kernel's memory, and then some.
      const pixels = 1 + random.below(i % 500 === 0 ? 50_000 : 120);
      const start = random.below(data.length - pixels * 3 + 1);
      const source = data.subarray(start, start + pixels * 3);
      const first = random.below(values.length - 768);
      const tables = values.subarray(first, first + 768);
      const expected = new Float32Array(pixels * 3);
      const made = new Float32Array(pixels * 3);
      scalarNormalize({ source, target: expected, tables });
      simdNormalize({ source, target: made, tables });
      const difference = firstDifference(
        new Uint32Array(made.buffer),
        new Uint32Array(expected.buffer),
      );
      if (difference !== -1) differing.push({ i, pixels, difference });
    }
    expect(differing).toEqual([]);
  });
});

describe("createKernels", () => {
  it("gives nothing where WebAssembly is missing, lacks SIMD or is forbidden", () => {
    class Forbidden {
      readonly exports = {};
      constructor() {
        throw new Error("unsafe-eval");
      }
    }
    const { atob } = globalThis;
    const api = { Module: Forbidden, Instance: Forbidden };
    expect(createKernels({ atob })).toBeUndefined();
    expect(createKernels({ atob, WebAssembly: { ...api, validate: () => false } })).toBeUndefined();
    expect(createKernels({ atob, WebAssembly: { ...api, validate: () => true } })).toBeUndefined();
  });
});

describe("the SIMD colours of a JPEG", () => {
  it("equal the plain JavaScript ones for 2,000 random sizes and samplings", () => {
    const random = createRandom(7);
    const differing: unknown[] = [];
    for (let i = 0; i < 2_000; i++) {
      const samples = randomSamples(random);
      const expected = scalarJpegColors(samples);
      const difference = firstDifference(simdJpegColors(samples, kernels).data, expected.data);
      if (difference !== -1) differing.push({ ...samples, data: undefined, difference });
    }
    expect(differing).toEqual([]);
  });

  it("are those of libjpeg for every pair of chroma samples", () => {
    const width = 256;
    const plane = width * width;
    const data = new Uint8Array(3 * plane);
    for (let i = 0; i < plane; i++) {
      data[i] = Math.imul(i, 2_654_435_761) >>> 24;
      data[plane + i] = i & 255;
      data[2 * plane + i] = i >> 8;
    }
    const planes = [0, plane, 2 * plane].map((offset) => ({ offset, stride: width }));
    const samples = { width, height: width, data, planes, halfWidth: false, halfHeight: false };
    const computed = simdJpegColors(samples as unknown as JpegSamples, kernels).data;
    const expected = Uint8ClampedArray.from({ length: 3 * plane }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const [cb, cr] = [(pixel & 255) - 128, (pixel >> 8) - 128];
      const shift = [exact(1.402, cr), -exact(0.34414, cb) - exact(0.71414, cr), exact(1.772, cb)][
        i % 3
      ]!;
      return data[pixel]! + Math.floor((shift + 32_768) / 65_536);
    });
    expect(firstDifference(computed, expected)).toBe(-1);
  });
});

/** A product in 16-bit fixed point. */
function exact(factor: number, sample: number): number {
  return Math.round(factor * 65_536) * sample;
}

function randomSamples(random: ReturnType<typeof createRandom>): JpegSamples {
  const [width, height] = [1 + random.below(40), 1 + random.below(12)];
  const halfWidth = random.below(3) > 0;
  const halfHeight = halfWidth && random.below(2) === 0;
  const columns = halfWidth ? (width + 1) >> 1 : width;
  const rows = halfHeight ? (height + 1) >> 1 : height;
  const chroma = columns * rows;
  const luma = width * height;
  const planes = [
    { offset: 0, stride: width },
    { offset: luma, stride: columns },
    { offset: luma + chroma, stride: columns },
  ] as const;
  const data = Uint8Array.from({ length: luma + 2 * chroma }, () => random.below(256));
  return { width, height, data, planes, halfWidth, halfHeight };
}
