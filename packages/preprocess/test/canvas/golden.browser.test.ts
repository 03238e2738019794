// The golden pictures in a browser: decoded, resized, cropped and tiled to the bytes that Node and Pillow have.

import { planTiles } from "@internvit/model-core";
import { fetchBytes, fetchGoldenTensors, goldenUrl } from "@internvit/test-kit/browser";
import { describe, expect, it } from "vitest";

import { decodeImage, type DecodedImage } from "../../src/canvas/index.ts";
import { prepareJpeg } from "../../src/canvas/jpeg-file.ts";
import { scalarJpegColors } from "../../src/canvas/jpeg-samples.ts";
import { bitmapOf, readBitmap } from "../../src/canvas/read-bitmap.ts";
import { readJpegSamples } from "../../src/canvas/read-jpeg-samples.ts";
import {
  clipCrop,
  isPreprocessError,
  normalizationOf,
  packPixels,
  parseImageProcessorConfig,
  resizeRgb,
  squareResize,
  tileImage,
  toPixelValues,
  type PreprocessError,
  type ResizeFilter,
} from "../../src/index.ts";
import { sharedKernels } from "../../src/kernels/load-kernels.ts";
import { scalarResample } from "../../src/resample/scalar-resample.ts";
import { resampleWindow } from "../../src/resize.ts";
import { firstDifference } from "../first-difference.ts";
import knownDivergences from "../known-divergences.json" with { type: "json" };
import { fetchJson, sha256 } from "./browser-golden.ts";

interface GoldenImage {
  readonly mode: string;
  readonly width: number;
  readonly height: number;
  readonly decoded_rgb_sha256: string;
  readonly square_448_rgb_sha256: string;
  readonly clip_448_rgb_sha256: string;
  readonly clip_448_pixel_values: { readonly first: readonly number[] };
  readonly tiles: Readonly<Record<"max6-thumb" | "max12", readonly string[]>>;
}

interface GoldenResize {
  readonly input: string;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly filter: ResizeFilter;
  readonly rgb_sha256: string;
}

const manifest = await fetchJson<{
  readonly processor: Record<string, unknown>;
  readonly images: Record<string, GoldenImage>;
}>(goldenUrl("preprocess.json"));
const config = parseImageProcessorConfig(manifest.processor);
const diverging: Readonly<Record<string, string>> = knownDivergences.inBrowsers;

async function decode(name: string): Promise<DecodedImage | PreprocessError> {
  return await decodeImage(await fetchBytes(goldenUrl("images", name))).catch((error: unknown) => {
    if (isPreprocessError(error)) return error;
    throw error;
  });
}

describe("golden pictures in a browser", () => {
  it.each(Object.entries(manifest.images))(
    "%s is what the reference makes of it",
    async (name, golden) => {
      const decoded = await decode(name);
      const matches =
        "image" in decoded && (await sha256(decoded.image.data)) === golden.decoded_rgb_sha256;
      // When a listed picture fails here, take it off the list: browsers have come to agree.
      expect(matches, String(decoded)).toBe(!(name in diverging));
      if (!matches) return;
      const { image, mode } = decoded;
      expect([mode, image.width, image.height]).toEqual([golden.mode, golden.width, golden.height]);
      expect(await sha256(squareResize(image, { size: 448 }).data)).toBe(
        golden.square_448_rgb_sha256,
      );
      const crop = clipCrop(image, config);
      expect(await sha256(crop.data)).toBe(golden.clip_448_rgb_sha256);
      for (const [tiling, options] of [
        ["max6-thumb", { maxTiles: 6 }],
        ["max12", { maxTiles: 12, useThumbnail: false }],
      ] as const) {
        const tiles = tileImage(image, planTiles(image, options));
        const hashes = await Promise.all(tiles.map((tile) => sha256(tile.data)));
        expect([tiling, ...hashes]).toEqual([tiling, ...golden.tiles[tiling]]);
      }
      const { data } = toPixelValues([crop], normalizationOf(config));
      const pixels = crop.width * crop.height;
      expect([data[0], data[pixels], data[2 * pixels]]).toEqual(golden.clip_448_pixel_values.first);
    },
  );

  it("that are JPEGs have the same bytes as bitmaps, and without WebAssembly", async () => {
    for (const [name, golden] of Object.entries(manifest.images)) {
      if (!name.endsWith(".jpg") || name in diverging) continue;
      const picture = prepareJpeg(await fetchBytes(goldenUrl("images", name)), name);
      const bitmap = await bitmapOf(picture);
      const { data } = await readBitmap(bitmap, name);
      expect([name, await sha256(data)]).toEqual([name, golden.decoded_rgb_sha256]);
      const samples = await readJpegSamples(picture);
      // Gray ones are decoded to colours.
      expect([name, samples === undefined]).toEqual([name, golden.mode === "L"]);
      if (samples === undefined) continue;
      const colors = scalarJpegColors(samples).data;
      expect([name, await sha256(colors)]).toEqual([name, golden.decoded_rgb_sha256]);
    }
  });

  it("lists only pictures that exist as known divergences", () => {
    for (const name of Object.keys(diverging)) expect(Object.keys(manifest.images)).toContain(name);
  });

  it("are cropped to the reference's bytes", async () => {
    for (const [name, golden] of await fetchGoldenTensors("clip-448-rgb.safetensors")) {
      const decoded = await decode(name);
      if (!("image" in decoded)) throw decoded;
      const { data } = packPixels([clipCrop(decoded.image, config)]);
      expect([name, firstDifference(data, golden.data as Uint8Array)]).toEqual([name, -1]);
    }
  });
});

describe("golden resizes in a browser", async () => {
  const tensors = await fetchGoldenTensors("resize.safetensors");
  const cases = await fetchJson<GoldenResize[]>(goldenUrl("resize.json"));

  it("have Pillow's bytes with the WebAssembly kernels, which a browser has", async () => {
    expect(sharedKernels()).toBeDefined();
    for (const { input, from, to, filter, rgb_sha256 } of cases) {
      const data = tensors.get(input)!.data as Uint8Array;
      const resized = resizeRgb(
        { width: from[0], height: from[1], data },
        { width: to[0], height: to[1], filter },
      );
      expect([input, filter, await sha256(resized.data)]).toEqual([input, filter, rgb_sha256]);
    }
  });

  it("have the same bytes without WebAssembly", async () => {
    for (const { input, from, to, filter, rgb_sha256 } of cases) {
      const [width, height] = to;
      // Neither of these has passes.
      if (filter === "nearest" || (width === from[0] && height === from[1])) continue;
      const data = tensors.get(input)!.data as Uint8Array;
      const window = { left: 0, top: 0, width, height };
      const resized = resampleWindow(
        { width: from[0], height: from[1], data },
        { width, height, filter, window, resample: scalarResample },
      );
      expect([input, filter, await sha256(resized.data)]).toEqual([input, filter, rgb_sha256]);
    }
  });
});
