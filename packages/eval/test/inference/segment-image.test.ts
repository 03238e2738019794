import {
  type InferenceSettings,
  isEvalError,
  type LabelMap,
  resizeForTest,
  segmentImage,
  type WindowLogits,
} from "@internvit/eval";
import type { Tensor } from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";
import { createRandom } from "@internvit/test-kit/portable";
import { describe, expect, it } from "vitest";

import { noiseImage } from "../augment/noise-image.ts";
import { patchLogits } from "./patch-logits.ts";

const SLIDE: InferenceSettings = {
  shortSide: 24,
  mode: { kind: "slide", window: 16, stride: 10 },
  scales: [1],
  flip: false,
};
const logits = patchLogits({ classes: 5, patchSize: 4 });
const random = createRandom(8);

/** `[classes, height, width]` */
interface Planes {
  readonly height: number;
  readonly width: number;
  readonly data: readonly Float64Array[];
}

/** Two source positions of an output along an axis, and the weight of the second. */
function place(at: number, from: number, to: number): readonly [number, number, number] {
  const position = Math.max(0, ((at + 0.5) * from) / to - 0.5);
  const low = Math.min(Math.floor(position), from - 1);
  return [low, Math.min(low + 1, from - 1), position - low];
}

/** PyTorch's interpolate, bilinear, align_corners false. */
function resized(planes: Planes, { height, width }: { height: number; width: number }): Planes {
  const data = planes.data.map((plane) =>
    Float64Array.from({ length: height * width }, (_, at) => {
      const [top, bottom, down] = place(Math.floor(at / width), planes.height, height);
      const [left, right, across] = place(at % width, planes.width, width);
      const value = (y: number, x: number): number => plane[y * planes.width + x]!;
      const row = (y: number): number => value(y, left) * (1 - across) + value(y, right) * across;
      return row(top) * (1 - down) + row(bottom) * down;
    }),
  );
  return { height, width, data };
}

function planesOf({ shape, data }: Tensor<"float32">): Planes {
  const [, classes = 0, height = 0, width = 0] = shape;
  const size = height * width;
  const planes = Array.from({ length: classes }, (_, at) =>
    Float64Array.from(data.subarray(at * size, (at + 1) * size)),
  );
  return { height, width, data: planes };
}

/** MMSegmentation's slide_inference, one window at a time, all classes of all pixels in memory. */
async function naiveLogits(
  image: RgbImage,
  { window, stride, model }: { window: number; stride: number; model: WindowLogits },
): Promise<Planes> {
  const { width, height } = image;
  const sums = Array.from({ length: model.classes }, () => new Float64Array(width * height));
  const counts = new Float64Array(width * height);
  const steps = (side: number): number =>
    Math.floor(Math.max(side - window + stride - 1, 0) / stride) + 1;
  for (let row = 0; row < steps(height); row++) {
    for (let column = 0; column < steps(width); column++) {
      const bottom = Math.min(row * stride + window, height);
      const right = Math.min(column * stride + window, width);
      const [top, left] = [Math.max(bottom - window, 0), Math.max(right - window, 0)];
      const size = { height: bottom - top, width: right - left };
      const pixels = Uint8Array.from({ length: size.height * size.width * 3 }, (_, at) => {
        const [x, y] = [Math.floor(at / 3) % size.width, Math.floor(at / 3 / size.width)];
        return image.data[((top + y) * width + left + x) * 3 + (at % 3)]!;
      });
      const shape = [1, size.height, size.width, 3];
      const found = resized(
        planesOf(await model.run({ dtype: "uint8", shape, data: pixels })),
        size,
      );
      for (let at = 0; at < size.height * size.width; at++) {
        const to = (top + Math.floor(at / size.width)) * width + left + (at % size.width);
        counts[to]!++;
        for (const [label, plane] of found.data.entries()) sums[label]![to]! += plane[at]!;
      }
    }
  }
  return { height, width, data: sums.map((plane) => plane.map((sum, at) => sum / counts[at]!)) };
}

function softmax({ data, ...size }: Planes): Planes {
  const sums = data[0]!.map((_, at) => data.reduce((sum, plane) => sum + Math.exp(plane[at]!), 0));
  return { ...size, data: data.map((plane) => plane.map((x, at) => Math.exp(x) / sums[at]!)) };
}

function mirrored({ width, height, data }: RgbImage): RgbImage {
  const at = (i: number): number => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return (y * width + width - 1 - x) * 3 + channel;
  };
  return { width, height, data: data.map((_, i) => data[at(i)]!) };
}

function unmirrored({ width, height, data }: Planes): Planes {
  const flipped = data.map((plane) =>
    plane.map((_, at) => plane[Math.floor(at / width) * width + width - 1 - (at % width)]!),
  );
  return { width, height, data: flipped };
}

/** The share of pixels of another label than the largest value's, where that is clear. */
function wrongShare(label: LabelMap, { data }: Planes): number {
  let wrong = 0;
  for (let at = 0; at < label.data.length; at++) {
    const values = data.map((plane) => plane[at]!);
    if (values[label.data[at]!]! < Math.max(...values) - 1e-5) wrong++;
  }
  return wrong / label.data.length;
}

const SIZES = [
  [1, 1],
  [37, 53],
  [61, 23],
  [24, 24],
  [90, 13],
] as const;

function slide(window: number, stride: number): Partial<InferenceSettings> {
  return { mode: { kind: "slide", window, stride } };
}

describe("segmentImage", () => {
  it("gives what the naive version gives, for sizes of all kinds", async () => {
    for (const [width, height] of SIZES) {
      const image = noiseImage(random, { width, height });
      const canvas = resizeForTest(image, { shortSide: 24, multiple: 4 });
      const naive = await naiveLogits(canvas, { window: 16, stride: 10, model: logits });
      const label = await segmentImage(image, { logits, settings: SLIDE });
      expect([label.width, label.height, label.data.length]).toEqual([
        width,
        height,
        width * height,
      ]);
      expect(wrongShare(label, resized(naive, { width, height })), `${width}x${height}`).toBe(0);
    }
  });

  it("sees the whole picture at once if asked for", async () => {
    const image = noiseImage(random, { width: 50, height: 31 });
    const shapes: (readonly number[])[] = [];
    const told = patchLogits({ classes: 5, patchSize: 4, onRun: (shape) => shapes.push(shape) });
    const settings: InferenceSettings = { ...SLIDE, mode: { kind: "whole" } };
    const label = await segmentImage(image, { logits: told, settings });
    const canvas = resizeForTest(image, { shortSide: 24, multiple: 4 });
    expect(shapes).toEqual([[1, canvas.height, canvas.width, 3]]);
    const naive = await naiveLogits(canvas, { window: 1000, stride: 1, model: logits });
    expect(wrongShare(label, resized(naive, image))).toBe(0);
  });

  it("averages probabilities of scales and of the mirrored picture", async () => {
    const image = noiseImage(random, { width: 41, height: 33 });
    const scales = [0.5, 1, 1.3];
    const label = await segmentImage(image, { logits, settings: { ...SLIDE, scales, flip: true } });
    const sums = logitsOfZero(image);
    for (const shortSide of [12, 24, 31]) {
      const canvas = resizeForTest(image, { shortSide, multiple: 4 });
      const options = { window: 16, stride: 10, model: logits };
      const plain = softmax(resized(await naiveLogits(canvas, options), image));
      const other = softmax(resized(await naiveLogits(mirrored(canvas), options), image));
      for (const planes of [plain, unmirrored(other)]) {
        for (const [at, plane] of planes.data.entries())
          plane.forEach((p, i) => (sums[at]![i]! += p));
      }
    }
    expect(wrongShare(label, { width: 41, height: 33, data: sums })).toBe(0);
  });

  it("runs windows in batches, and those of a side shorter than a window at that side", async () => {
    const shapes: (readonly number[])[] = [];
    const told = patchLogits({ classes: 2, patchSize: 4, onRun: (shape) => shapes.push(shape) });
    const settings = { ...SLIDE, shortSide: 12 };
    await segmentImage(noiseImage(random, { width: 40, height: 12 }), { logits: told, settings });
    expect(shapes).toEqual([
      [2, 12, 16, 3],
      [2, 12, 16, 3],
    ]);
  });

  it("takes the first of equal classes", async () => {
    const equal: WindowLogits = {
      ...logits,
      run: async ({ shape: [n = 0] }) => ({
        dtype: "float32",
        shape: [n, 5, 1, 1],
        data: new Float32Array(n * 5),
      }),
    };
    const image = noiseImage(random, { width: 9, height: 9 });
    for (const flip of [false, true]) {
      const { data } = await segmentImage(image, { logits: equal, settings: { ...SLIDE, flip } });
      expect(data.every((label) => label === 0)).toBe(true);
    }
  });

  it("refuses settings outside their range and logits that are not what they should be", async () => {
    const image = noiseImage(random, { width: 9, height: 9 });
    const refused = (
      changed: Partial<InferenceSettings>,
      model: WindowLogits = logits,
    ): Promise<string> =>
      segmentImage(image, { logits: model, settings: { ...SLIDE, ...changed } }).then(
        () => "nothing",
        (error: unknown) => (isEvalError(error) ? `${error.code}: ${error.message}` : "another"),
      );
    expect(await refused({ scales: [] })).toMatch(/^invalid-argument: scales: .* got none/);
    expect(await refused({ scales: [1, 0] })).toMatch(/scales: expected numbers above 0, got 0/);
    expect(await refused({ shortSide: 0.5 })).toMatch(/shortSide: expected pixels, got 0.5/);
    expect(await refused(slide(15, 4))).toMatch(/multiple of the patch, 4 pixels, got 15/);
    expect(await refused(slide(16, 17))).toMatch(/stride: expected 1 to 16 pixels, got 17/);
    expect(await refused({}, { ...logits, classes: 256 })).toMatch(/^unsupported: .* 255 classes/);
    expect(await refused({}, { ...logits, classes: 4 })).toMatch(
      /^mismatch: .* 4 classes .* 5, 4, 4/,
    );
    const broken: WindowLogits = {
      ...logits,
      async run(pixels) {
        const tensor = await logits.run(pixels);
        tensor.data[17] = Number.NaN;
        return tensor;
      },
    };
    expect(await refused({}, broken)).toMatch(/^invalid-data: logits of class 1: .* got NaN/);
  });

  it("ends with the reason of its signal", async () => {
    const cancel = new AbortController();
    const image = noiseImage(random, { width: 90, height: 20 });
    let runs = 0;
    const stopping = patchLogits({
      classes: 2,
      patchSize: 4,
      onRun: () => {
        runs++;
        cancel.abort(new Error("enough"));
      },
    });
    const call = segmentImage(image, { logits: stopping, settings: SLIDE, signal: cancel.signal });
    await expect(call).rejects.toThrow("enough");
    expect(runs).toBe(1);
  });
});

function logitsOfZero({ width, height }: RgbImage): Float64Array[] {
  return Array.from({ length: logits.classes }, () => new Float64Array(width * height));
}
