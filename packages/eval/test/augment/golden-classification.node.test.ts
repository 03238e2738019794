import { createHash } from "node:crypto";

import { applyMixing, applyResizedCrop, type Mixing, softTargets } from "@internvit/eval";
import { difference, float32Golden, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { cutmixAt } from "../../src/augment/draw-mixing.ts";
import { evaluationWindow } from "../../src/augment/evaluation-crop.ts";
import { attemptedSize, fallbackWindow, fits } from "../../src/augment/resized-crop.ts";
import { readAugmentation } from "./golden-augmentation.ts";

const { manifest, picture, tensor } = readAugmentation();

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("golden resized crops", () => {
  it.each(manifest.resized_crop.cases.map((crop, i) => ({ ...crop, i })))(
    "part $i of the picture has Pillow's bytes at 448 and at 64 pixels",
    ({ i, top, left, width, height, flip, rgb_448_sha256, rgb_64_sha256 }) => {
      const image = picture(manifest.resized_crop.image);
      const crop = { window: { left, top, width, height }, flip };
      const small = applyResizedCrop(image, crop, { size: 64 });
      expect(small.data).toEqual(picture(`crop.${i}.out64`).data);
      expect(sha256(small.data)).toBe(rgb_64_sha256);
      expect(sha256(applyResizedCrop(image, crop).data)).toBe(rgb_448_sha256);
    },
  );

  it.each(manifest.resized_crop_attempts)(
    "$area_fraction of $width x $height with aspect $aspect: $crop, taken: $accepted",
    ({ width, height, area_fraction, aspect, crop, accepted }) => {
      const size = attemptedSize({ width, height }, { areaFraction: area_fraction, aspect });
      expect([size.width, size.height]).toEqual(crop);
      expect(fits(size, { width, height })).toBe(accepted);
    },
  );

  it.each(manifest.resized_crop_fallback)(
    "where no attempt fits $width x $height, the middle $crop is taken",
    ({ width, height, crop, left, top }) => {
      expect(fallbackWindow({ width, height }, [3 / 4, 4 / 3])).toEqual({
        left,
        top,
        width: crop[0],
        height: crop[1],
      });
    },
  );
});

it.each(manifest.eval_resize_centre_crop)(
  "golden evaluation of $width x $height: resized to $resized, cut at $left, $top",
  ({ width, height, resized, left, top }) => {
    expect(evaluationWindow({ width, height }, 448)).toEqual({
      width: resized[0],
      height: resized[1],
      window: { left, top, width: 448, height: 448 },
    });
  },
);

describe("golden mixing", () => {
  const images = tensor("mix.images");
  const [, , height, width] = images.shape as [number, number, number, number];
  const mixed = (mixing: Mixing): Float32Array => {
    const data = images.data as Float32Array<ArrayBuffer>;
    return applyMixing({ dtype: "float32", shape: images.shape, data }, mixing).data;
  };
  const tolerance = manifest.mixing_tolerance_abs;

  it.each(manifest.mixing.filter(({ kind }) => kind === "mixup"))("$out", ({ lam, out }) => {
    const expected = tensor(out).data as Float32Array;
    const { maxAbsolute } = difference(mixed({ kind: "mixup", lambda: lam }), expected);
    expect(maxAbsolute).toBeLessThanOrEqual(tolerance);
  });

  it.each(manifest.mixing.filter(({ kind }) => kind === "cutmix"))("$out", (golden) => {
    const { drawn_lam: lambda, centre, lam, out } = golden;
    const [y, x] = centre;
    const cutmix = cutmixAt({ width, height }, { lambda, x, y });
    const { box } = cutmix;
    expect([box.top, box.top + box.height, box.left, box.left + box.width]).toEqual(golden.box);
    expect(cutmix.lambda).toBe(lam);
    const { maxAbsolute } = difference(mixed(cutmix), tensor(out).data as Float32Array);
    expect(maxAbsolute).toBeLessThanOrEqual(tolerance);
  });

  it("targets of the linear probe's first batches are the stored ones to the bit", () => {
    const { lam } = readGoldenJson<{ readonly lam: readonly number[] }>(
      "probes",
      "linear-probe-soft.json",
    );
    const tensors = readGoldenTensors("probes", "linear-probe-soft.safetensors");
    const labels = tensors.get("labels")!.data as BigInt64Array;
    const rows = tensors.get("batch_rows")!;
    const batch = rows.shape[1]!;
    for (const step of [0, 1]) {
      const golden = float32Golden(tensors, `step${step}.target`);
      const own = Array.from({ length: batch }, (_, i) =>
        Number(labels[Number(rows.data[step * batch + i]!)]!),
      );
      const mixing = { kind: "mixup", lambda: lam[step]! } as const;
      const targets = softTargets(own, { classes: golden.shape[1]!, mixing });
      expect(targets.data).toEqual(golden.data);
    }
  });
});
