// Labels as pictures. Palettes are read with sharp, labels with the reader of data sets.

import {
  classColours,
  encodeLabelPng,
  IGNORED_COLOUR,
  IGNORED_LABEL,
  type LabelMap,
  overlayLabels,
  type Rgb,
} from "@internvit/eval";
import { readLabelPng } from "@internvit/eval/node";
import { createRandom } from "@internvit/test-kit";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { AWKWARD_SIZES, noiseImage } from "../augment/noise-image.ts";

const random = createRandom(4);
const colours = classColours(11);

/** Random labels of the classes, some ignored. */
function noiseLabels([width, height]: readonly [number, number]): LabelMap {
  const data = Uint8Array.from({ length: width * height }, () => {
    const label = random.below(12);
    return label === 11 ? IGNORED_LABEL : label;
  });
  return { width, height, data };
}

describe("encodeLabelPng", () => {
  it("keeps every label, with and without colours, at all sizes", async () => {
    for (const size of AWKWARD_SIZES) {
      const label = noiseLabels(size);
      for (const options of [{}, { colours }]) {
        const read = readLabelPng(await encodeLabelPng(label, options), { subject: "label.png" });
        expect(read).toMatchObject({ width: size[0], height: size[1] });
        expect(Uint8Array.from(read.values)).toEqual(label.data);
      }
    }
  });

  it("shows the classes' colours, and ignored pixels in a grey of no class", async () => {
    const label = noiseLabels([31, 17]);
    const { data, info } = await sharp(await encodeLabelPng(label, { colours }))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 31, height: 17, channels: 3 });
    const expected = [...label.data].flatMap((value) => colours[value] ?? IGNORED_COLOUR);
    expect([...data]).toEqual(expected);
  });

  it("refuses a label without a colour", async () => {
    const label = { width: 2, height: 2, data: Uint8Array.of(0, 255, 1, 11) };
    await expect(encodeLabelPng(label, { colours })).rejects.toThrow(
      /label 11 at 1,1: there are colours for 11 classes/,
    );
  });
});

describe("classColours", () => {
  it("gives up to 255, the same for more classes, all different and the first ones most", () => {
    const all = classColours(255);
    expect(all.slice(0, 11)).toEqual(colours);
    const nearest = (some: readonly Rgb[]): number =>
      Math.min(
        ...some.flatMap((one, at) =>
          some.slice(0, at).map((other) => Math.hypot(...one.map((value, i) => value - other[i]!))),
        ),
      );
    expect(nearest(colours)).toBeGreaterThan(90);
    expect(nearest(all.slice(0, 171))).toBeGreaterThan(20);
    expect(nearest([...all, IGNORED_COLOUR])).toBeGreaterThan(15);
  });
});

describe("overlayLabels", () => {
  const image = noiseImage(random, { width: 13, height: 7 });
  const label = noiseLabels([13, 7]);

  it("mixes picture and colours, and leaves ignored pixels as they are", () => {
    for (const opacity of [0, 0.3, 1]) {
      const { data, ...size } = overlayLabels(image, label, { colours, opacity });
      expect(size).toEqual({ width: 13, height: 7 });
      data.forEach((value, at) => {
        const own = image.data[at]!;
        const colour = colours[label.data[Math.floor(at / 3)]!]?.[at % 3] ?? own;
        expect(Math.abs(value - (own * (1 - opacity) + colour * opacity))).toBeLessThan(0.5001);
      });
    }
  });

  it("refuses labels of another size, without a colour, and an opacity above 1", () => {
    const options = { colours, opacity: 0.5 };
    expect(() => overlayLabels(image, noiseLabels([7, 13]), options)).toThrow(
      /expected labels of 13x7 as the picture, got 7x13/,
    );
    expect(() => overlayLabels(image, label, { ...options, colours: colours.slice(0, 2) })).toThrow(
      /there are colours for 2 classes/,
    );
    expect(() => overlayLabels(image, label, { ...options, opacity: 1.5 })).toThrow(/got 1.5/);
  });
});
