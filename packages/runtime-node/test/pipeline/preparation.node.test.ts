import { parseImageProcessorConfig } from "@internvit/preprocess";
import { describe, expect, it } from "vitest";

import { planPreparation, preparePicture } from "@internvit/runtime-node";

const CONFIG = parseImageProcessorConfig({
  size: 112,
  crop_size: 112,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.25, 0.25, 0.25],
});
const WIDE = { width: 60, height: 20, data: new Uint8Array(60 * 20 * 3).fill(9) };

describe("planPreparation", () => {
  it.each(["clip", "square"] as const)("follows the config in %s mode", (mode) => {
    const plan = planPreparation(CONFIG, { mode, imageSize: undefined, defaultSize: 448 });
    expect(plan.size).toEqual({ height: 112, width: 112 });
    expect(plan.normalization.mean).toEqual([0.5, 0.5, 0.5]);
    expect(preparePicture(WIDE, plan)).toMatchObject({ width: 112, height: 112 });
  });

  it.each(["clip", "square"] as const)("takes another size in %s mode", (mode) => {
    const plan = planPreparation(CONFIG, { mode, imageSize: 28, defaultSize: 448 });
    const picture = preparePicture(WIDE, plan);
    expect(picture).toMatchObject({ width: 28, height: 28 });
    // The whole crop is picture: the shortest edge changed with it.
    expect(new Set(picture.data)).toEqual(new Set([9]));
  });

  it.each(["clip", "square"] as const)("has the published constants without config: %s", (mode) => {
    const plan = planPreparation(undefined, { mode, imageSize: undefined, defaultSize: 224 });
    expect(plan.size).toEqual({ height: 224, width: 224 });
    expect(plan.normalization.mean).toEqual([0.485, 0.456, 0.406]);
  });

  it("refuses a config that leaves pictures of different sizes", () => {
    const config = parseImageProcessorConfig({ size: 112, do_center_crop: false });
    const plan = { mode: "clip", imageSize: undefined, defaultSize: 448 } as const;
    expect(() => planPreparation(config, plan)).toThrow(/pictures would differ in size/);
    expect(planPreparation(config, { ...plan, imageSize: 14 }).size.width).toBe(14);
  });

  it("refuses to make a square from a config that is none", () => {
    const config = parseImageProcessorConfig({ crop_size: { height: 28, width: 42 } });
    const plan = { imageSize: undefined, defaultSize: 448 };
    expect(planPreparation(config, { ...plan, mode: "clip" }).size).toEqual({
      height: 28,
      width: 42,
    });
    expect(() => planPreparation(config, { ...plan, mode: "square" })).toThrow(/42x28/);
  });
});
