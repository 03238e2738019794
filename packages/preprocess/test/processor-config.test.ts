import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  isPreprocessError,
  normalizationOf,
  parseImageProcessorConfig,
  type ImageProcessorConfig,
} from "../src/index.ts";

const PUBLISHED = {
  crop_size: 448,
  do_center_crop: true,
  do_normalize: true,
  do_resize: true,
  feature_extractor_type: "CLIPFeatureExtractor",
  image_mean: [0.485, 0.456, 0.406],
  image_std: [0.229, 0.224, 0.225],
  resample: 3,
  size: 448,
};

describe("parseImageProcessorConfig", () => {
  it("reads the old spelling", () => {
    expect(parseImageProcessorConfig(PUBLISHED)).toEqual({
      doResize: true,
      size: { shortestEdge: 448 },
      resample: "bicubic",
      doCenterCrop: true,
      cropSize: { width: 448, height: 448 },
      doRescale: true,
      rescaleFactor: 1 / 255,
      doNormalize: true,
      imageMean: [0.485, 0.456, 0.406],
      imageStd: [0.229, 0.224, 0.225],
    } satisfies ImageProcessorConfig);
  });

  it("reads the new spelling as the same thing", () => {
    const spelled = {
      ...PUBLISHED,
      size: { shortest_edge: 448 },
      crop_size: { height: 448, width: 448 },
      image_processor_type: "CLIPImageProcessor",
      rescale_factor: 0.00392156862745098,
      data_format: "channels_first",
      some_new_key: { nested: true },
    };
    expect(parseImageProcessorConfig(spelled)).toEqual(parseImageProcessorConfig(PUBLISHED));
  });

  it("fills what is missing or null with the class's defaults", () => {
    const expected = {
      doResize: true,
      size: { shortestEdge: 224 },
      resample: "bicubic",
      doCenterCrop: true,
      cropSize: { width: 224, height: 224 },
      doRescale: true,
      rescaleFactor: 1 / 255,
      doNormalize: true,
      imageMean: [0.48145466, 0.4578275, 0.40821073],
      imageStd: [0.26862954, 0.26130258, 0.27577711],
    };
    expect(parseImageProcessorConfig({})).toEqual(expected);
    expect(parseImageProcessorConfig({ size: null, do_resize: null })).toEqual(expected);
  });

  it.each([
    [{ size: { height: 3, width: 5 } }, { width: 5, height: 3 }],
    [{ size: [3, 5] }, { width: 5, height: 3 }],
    [
      { size: 7, default_to_square: true },
      { width: 7, height: 7 },
    ],
    [{ size: { shortest_edge: 7, longest_edge: 9 } }, { shortestEdge: 7, longestEdge: 9 }],
  ])("reads the size of %j", (json, size) => {
    expect(parseImageProcessorConfig(json).size).toEqual(size);
  });

  it("reads crop pairs as height and width, every resample code, and one mean for all channels", () => {
    const json = { crop_size: [3, 5], image_mean: 0.5, image_std: 0.25 };
    const config = parseImageProcessorConfig(json);
    expect(config.cropSize).toEqual({ width: 5, height: 3 });
    expect(config.imageMean).toEqual([0.5, 0.5, 0.5]);
    const filters = [0, 1, 2, 3, 4, 5].map(
      (resample) => parseImageProcessorConfig({ resample }).resample,
    );
    expect(filters).toEqual(["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]);
  });

  it.each([
    [{ size: "448" }, "size"],
    [{ size: 0 }, "size"],
    [{ size: 1e9 }, "size"],
    [{ size: { longest_edge: 448 } }, "size"],
    [{ crop_size: { shortest_edge: 448 } }, "crop_size"],
    [{ resample: 6 }, "resample"],
    [{ resample: "bicubic" }, "resample"],
    [{ do_resize: "yes" }, "do_resize"],
    [{ image_mean: [0.5, 0.5] }, "image_mean"],
    [{ image_std: [0.5, 0, 0.5] }, "image_std"],
    [[], "the file"],
    [null, "the file"],
    ["text", "the file"],
  ])("refuses %j and names the field and the file", (json, field) => {
    expect(() => parseImageProcessorConfig(json, { subject: "dir/p.json" })).toThrow(
      expect.objectContaining({
        code: "malformed",
        subject: "dir/p.json",
        message: expect.stringMatching(new RegExp(`^dir/p.json: .*${field}`)) as string,
      }),
    );
  });

  it("refuses the configuration of another processor, whose steps would differ", () => {
    for (const json of [{ image_processor_type: "SiglipImageProcessor" }, { do_pad: true }]) {
      expect(() => parseImageProcessorConfig(json)).toThrow(
        expect.objectContaining({ code: "unsupported" }),
      );
    }
  });

  it("answers any mutation of a config with a config or its own error", () => {
    const random = createRandom(20);
    const values = [
      null,
      true,
      -1,
      0,
      1.5,
      1e308,
      "x",
      [],
      {},
      [1, 2, 3],
      { height: 1 },
      Number.NaN,
    ];
    const unexpected: unknown[] = [];
    for (let i = 0; i < 2_000; i++) {
      const json: Record<string, unknown> = { ...PUBLISHED };
      for (const key of Object.keys(json)) if (random.next() < 0.2) json[key] = random.pick(values);
      try {
        parseImageProcessorConfig(json);
      } catch (error) {
        if (!isPreprocessError(error)) unexpected.push([json, error]);
      }
    }
    expect(unexpected).toEqual([]);
  });
});

describe("normalizationOf", () => {
  it("turns switched-off steps into ones that change nothing", () => {
    const off = parseImageProcessorConfig({ do_rescale: false, do_normalize: false });
    expect(normalizationOf(off)).toEqual({ rescaleFactor: 1, mean: [0, 0, 0], std: [1, 1, 1] });
    const on = parseImageProcessorConfig(PUBLISHED);
    expect(normalizationOf(on)).toEqual({
      rescaleFactor: 1 / 255,
      mean: PUBLISHED.image_mean,
      std: PUBLISHED.image_std,
    });
  });
});
