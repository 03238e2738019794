// Everything that Pillow and transformers computed for the golden pictures, in whatever golden folder is chosen.

import { createHash } from "node:crypto";

import { planTiles } from "@internvit/model-core";
import { goldenPath, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  clipCrop,
  normalizationOf,
  packPixels,
  parseImageProcessorConfig,
  resizeRgb,
  squareResize,
  tileImage,
  toPixelValues,
  type ResizeFilter,
} from "../src/index.ts";
import { scalarResample } from "../src/resample/scalar-resample.ts";
import { resampleWindow } from "../src/resize.ts";
import { decodeImage } from "../src/sharp/index.ts";
import { firstDifference } from "./first-difference.ts";
import knownDivergences from "./known-divergences.json" with { type: "json" };

interface GoldenImage {
  readonly mode: string;
  readonly width: number;
  readonly height: number;
  readonly decoded_rgb_sha256: string;
  readonly square_448_rgb_sha256: string;
  readonly clip_448_rgb_sha256: string;
  readonly clip_448_pixel_values: {
    readonly mean: number;
    readonly std: number;
    readonly first: readonly number[];
    readonly center: readonly number[];
  };
  /** Per tile, the thumbnail last; no other keys than those of `TILINGS`. */
  readonly tiles: Readonly<Record<string, readonly string[]>>;
}

const TILINGS = {
  "max6-thumb": { maxTiles: 6 },
  "max12-thumb": { maxTiles: 12 },
  max12: { maxTiles: 12, useThumbnail: false },
} as const;

interface GoldenResize {
  readonly input: string;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly filter: ResizeFilter;
  readonly rgb_sha256: string;
  readonly output: string;
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

const manifest = readGoldenJson<{
  processor: Record<string, unknown>;
  images: Record<string, GoldenImage>;
}>("preprocess.json");
const config = parseImageProcessorConfig(manifest.processor);
const diverging: readonly string[] = knownDivergences.decodedBytes;

describe("golden pictures", () => {
  it.each(Object.entries(manifest.images))(
    "%s is what the reference makes of it",
    async (name, golden) => {
      const decoded = await decodeImage(goldenPath("images", name));
      expect(decoded.mode).toBe(golden.mode);
      expect([decoded.image.width, decoded.image.height]).toEqual([golden.width, golden.height]);
      // When a listed picture fails here, take it off the list: the decoder has come to agree.
      const matches = sha256(decoded.image.data) === golden.decoded_rgb_sha256;
      expect(matches).toBe(!diverging.includes(name));
      if (!matches) return;
      const square = squareResize(decoded.image, { size: 448 });
      expect(sha256(square.data)).toBe(golden.square_448_rgb_sha256);
      const crop = clipCrop(decoded.image, config);
      expect(sha256(crop.data)).toBe(golden.clip_448_rgb_sha256);

      for (const [tiling, options] of Object.entries(TILINGS)) {
        const tiles = tileImage(decoded.image, planTiles(decoded.image, options));
        expect([tiling, ...tiles.map((tile) => sha256(tile.data))]).toEqual([
          tiling,
          ...golden.tiles[tiling]!,
        ]);
      }

      const { shape, data } = toPixelValues([crop], normalizationOf(config));
      const [, channels = 0, height = 0, width = 0] = shape;
      const at = (y: number, x: number): readonly number[] =>
        Array.from({ length: channels }, (_, c) => data[(c * height + y) * width + x]!);
      const { first, center, mean, std } = golden.clip_448_pixel_values;
      expect(at(0, 0)).toEqual(first);
      expect(at(height >> 1, width >> 1)).toEqual(center);
      // The reference sums in float32, so its own mean and deviation are this inexact.
      const average = data.reduce((sum, value) => sum + value, 0) / data.length;
      const variance = data.reduce((sum, value) => sum + (value - average) ** 2, 0) / data.length;
      expect(Math.abs(average - mean)).toBeLessThan(1e-5);
      expect(Math.abs(Math.sqrt(variance) - std)).toBeLessThan(1e-5);
    },
  );

  it("are tiled in every way that the reference tiles them", () => {
    for (const { tiles } of Object.values(manifest.images)) {
      expect(Object.keys(tiles).toSorted()).toEqual(Object.keys(TILINGS).toSorted());
    }
  });

  it("lists only pictures that exist as known divergences", () => {
    for (const name of diverging) expect(Object.keys(manifest.images)).toContain(name);
  });

  it.each([...readGoldenTensors("clip-448-rgb.safetensors")])(
    "crop %s has the reference's bytes",
    async (name, golden) => {
      const { image } = await decodeImage(goldenPath("images", name));
      const { shape, data } = packPixels([clipCrop(image, config)]);
      expect(shape.slice(-3)).toEqual(golden.shape.slice(-3));
      expect(firstDifference(data, golden.data as Uint8Array)).toBe(-1);
    },
  );
});

describe("golden resizes", () => {
  const tensors = readGoldenTensors("resize.safetensors");

  const cases = readGoldenJson<GoldenResize[]>("resize.json");

  it.each(cases)(
    "$filter from $from to $to gives Pillow's bytes",
    ({ input, from, to, filter, rgb_sha256, output }) => {
      const image = {
        width: from[0],
        height: from[1],
        data: tensors.get(input)!.data as Uint8Array,
      };
      const resized = resizeRgb(image, { width: to[0], height: to[1], filter });
      expect(sha256(resized.data)).toBe(rgb_sha256);
      // Large results are in the goldens by their hash only.
      const expected = (tensors.get(output)?.data as Uint8Array | undefined) ?? resized.data;
      expect(firstDifference(resized.data, expected)).toBe(-1);
    },
  );

  it("have the same bytes without WebAssembly", () => {
    for (const { input, from, to, filter, rgb_sha256 } of cases) {
      const [width, height] = to;
      // Neither of these has passes.
      if (filter === "nearest" || (width === from[0] && height === from[1])) continue;
      const { data } = tensors.get(input)!;
      const resized = resampleWindow(
        { width: from[0], height: from[1], data: data as Uint8Array },
        {
          width,
          height,
          filter,
          window: { left: 0, top: 0, width, height },
          resample: scalarResample,
        },
      );
      expect([input, filter, sha256(resized.data)]).toEqual([input, filter, rgb_sha256]);
    }
  });
});
