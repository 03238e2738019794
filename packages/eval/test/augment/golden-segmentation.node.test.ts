import {
  applySegmentation,
  type DistortionStep,
  packSegmentation,
  reduceZeroLabel,
  resizeBilinear,
  resizeLabel,
} from "@internvit/eval";
import { describe, expect, it } from "vitest";

import { classShareAllows, countLabels } from "../../src/augment/segmentation/class-share.ts";
import { applyDistortion } from "../../src/augment/segmentation/distortion.ts";
import { rgbToHsv } from "../../src/augment/segmentation/hsv.ts";
import { testSizes, trainingSize } from "../../src/augment/segmentation/sizes.ts";
import { readAugmentation, reverseChannels } from "./golden-augmentation.ts";

const { manifest, picture, reversed, labels, tensor } = readAugmentation();

describe("golden resize", () => {
  it.each(manifest.resize.cases)("to $size: OpenCV's bytes and labels", (golden) => {
    const [width, height] = golden.size;
    expect(resizeBilinear(picture("resize.image"), { width, height })).toEqual(
      picture(golden.image),
    );
    expect(resizeLabel(labels("resize.label"), { width, height })).toEqual(labels(golden.label));
  });

  it.each(manifest.train_size)("$width x $height at draw $draw becomes $size", (golden) => {
    const { width, height, draw, size } = golden;
    const limits = { long: 2016, short: 504 };
    expect(trainingSize({ width, height }, { limits, ratio: 0.5 + 1.5 * draw })).toEqual({
      width: size[0],
      height: size[1],
    });
  });

  it.each(manifest.test_size)("$width x $height is tested at $after_multiple", (golden) => {
    const { afterShortSide, afterMultiple } = testSizes(golden);
    expect([afterShortSide.width, afterShortSide.height]).toEqual(golden.after_short_side);
    expect([afterMultiple.width, afterMultiple.height]).toEqual(golden.after_multiple);
  });
});

describe("golden photometric distortion", () => {
  it("HSV is OpenCV's, byte for byte", () => {
    const { data } = reversed("distort.image");
    rgbToHsv(data);
    expect(data).toEqual(picture("distort.hsv").data);
  });

  it.each(manifest.photometric_distortion.cases)("$operations", (golden) => {
    const { image = manifest.photometric_distortion.image, out, tolerance } = golden;
    const steps = golden.operations.map(toStep);
    const distorted = reverseChannels(applyDistortion(reversed(image), steps).data);
    const expected = picture(out).data;
    const distances = Array.from(distorted, (sample, i) => Math.abs(sample - expected[i]!));
    expect(Math.max(...distances)).toBeLessThanOrEqual(tolerance);
    const near = distances.filter((distance) => distance <= 1).length / distances.length;
    expect(near).toBeGreaterThanOrEqual(golden.share_within_1 ?? 1);
  });
});

function toStep([kind, value]: readonly [DistortionStep["kind"], number]): DistortionStep {
  switch (kind) {
    case "brightness":
      return { kind, delta: value };
    case "hue":
      return { kind, shift: value };
    default:
      return { kind, factor: value };
  }
}

describe("golden crop, normalisation and padding", () => {
  it.each(manifest.crop_normalise_pad.cases)("$image", (golden) => {
    const { top, left, size, kept } = golden;
    const sample = { image: reversed("resize.image"), label: labels("resize.label") };
    const { width, height } = sample.image;
    const window = { left, top, width: kept[1], height: kept[0] };
    const draw = { size: { width, height }, window, flip: false, distortion: [] };
    const packed = packSegmentation([applySegmentation(sample, draw)], { size });
    expect(packed.labels.data).toEqual(labels(golden.label).data);
    const expected = tensor(golden.image).data as Float32Array;
    const { data } = packed.pixelValues;
    const tolerance = manifest.crop_normalise_pad.tolerance_abs;
    const plane = size * size;
    expect(data.length).toBe(expected.length);
    const far = data.findIndex(
      (value, i) =>
        !(Math.abs(value - expected[(i % plane) * 3 + Math.floor(i / plane)]!) <= tolerance),
    );
    expect(far).toBe(-1);
    const counts = countLabels(sample.label, { width, height, window });
    expect(classShareAllows(counts, 0.75)).toBe(golden.class_check_passes);
  });

  it.each(manifest.class_share_check)("a crop of $counts passes: $passes", ({ counts, passes }) => {
    const all = Uint32Array.from({ length: 256 }, (_, label) => counts[label] ?? 0);
    expect(classShareAllows(all, 0.75)).toBe(passes);
  });

  it("the zero label is reduced by the reference's table", () => {
    const data = Uint8Array.from({ length: 256 }, (_, label) => label);
    const { data: reduced } = reduceZeroLabel({ width: 16, height: 16, data });
    expect([...reduced]).toEqual(manifest.reduce_zero_label);
  });
});
