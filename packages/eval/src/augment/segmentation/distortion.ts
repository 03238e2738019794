// Photometric distortion of training pictures (MMSegmentation 0.30, `PhotoMetricDistortion`): brightness, contrast,
// saturation and hue, each every other time. Every step leaves bytes behind, as there: float32 arithmetic, cut to 0 to
// 255, truncated. Steps on bytes and on saturation are tables of 256, steps on hue of 180.

import type { Random } from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";

import { hsvToRgb, rgbToHsv } from "./hsv.ts";

/** One step of a distortion, as plain data. */
export type DistortionStep =
  /** Adds to every sample. */
  | { readonly kind: "brightness"; readonly delta: number }
  /** Multiplies every sample. */
  | { readonly kind: "contrast"; readonly factor: number }
  /** Multiplies the saturation. */
  | { readonly kind: "saturation"; readonly factor: number }
  /** Turns the hue: a whole number of 180ths of the circle. */
  | { readonly kind: "hue"; readonly shift: number };

const HUES = 180;

/** Draws the steps; often there are none. */
export function drawDistortion(random: Random): readonly DistortionStep[] {
  const coin = (): boolean => random.integer(0, 1) === 1;
  const between = (least: number, most: number): number =>
    least + (most - least) * random.uniform();
  const steps: DistortionStep[] = [];
  const contrast = (): void => {
    if (coin()) steps.push({ kind: "contrast", factor: between(0.5, 1.5) });
  };
  if (coin()) steps.push({ kind: "brightness", delta: between(-32, 32) });
  const contrastFirst = coin();
  if (contrastFirst) contrast();
  if (coin()) steps.push({ kind: "saturation", factor: between(0.5, 1.5) });
  if (coin()) steps.push({ kind: "hue", shift: random.integer(-18, 17) });
  if (!contrastFirst) contrast();
  return steps;
}

/** Carries out the steps, in their order, on a new picture. */
export function applyDistortion(image: RgbImage, steps: readonly DistortionStep[]): RgbImage {
  const data = image.data.slice();
  for (const step of steps) distort(data, { step, width: image.width });
  return { ...image, data };
}

function distort(
  data: Uint8Array,
  { step, width }: { readonly step: DistortionStep; readonly width: number },
): void {
  switch (step.kind) {
    case "brightness":
      return lookUp(data, {
        table: byteTable({ factor: 1, delta: step.delta }),
        first: 0,
        stride: 1,
      });
    case "contrast":
      return lookUp(data, {
        table: byteTable({ factor: step.factor, delta: 0 }),
        first: 0,
        stride: 1,
      });
    case "saturation":
      rgbToHsv(data);
      lookUp(data, { table: byteTable({ factor: step.factor, delta: 0 }), first: 1, stride: 3 });
      return hsvToRgb(data, width);
    case "hue":
      rgbToHsv(data);
      lookUp(data, { table: hueTable(step.shift), first: 0, stride: 3 });
      return hsvToRgb(data, width);
  }
}

function lookUp(
  data: Uint8Array,
  by: { readonly table: Uint8Array; readonly first: number; readonly stride: number },
): void {
  const { table, first, stride } = by;
  for (let i = first; i < data.length; i += stride) data[i] = table[data[i]!]!;
}

/** What a linear step makes of every byte. */
function byteTable({
  factor,
  delta,
}: {
  readonly factor: number;
  readonly delta: number;
}): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const value = Math.fround(Math.fround(byte * Math.fround(factor)) + Math.fround(delta));
    return Math.trunc(Math.min(Math.max(value, 0), 255));
  });
}

function hueTable(shift: number): Uint8Array {
  return Uint8Array.from({ length: HUES }, (_, hue) => (((hue + shift) % HUES) + HUES) % HUES);
}
