import {
  applySegmentation,
  drawSegmentation,
  IGNORED_LABEL,
  isEvalError,
  type LabelMap,
  packSegmentation,
  reduceZeroLabel,
  type SegmentationSample,
} from "@internvit/eval";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { classShareAllows, countLabels } from "../../../src/augment/segmentation/class-share.ts";
import { applyDistortion } from "../../../src/augment/segmentation/distortion.ts";
import { resizeLabel } from "../../../src/augment/segmentation/label-map.ts";
import { resizeBilinear } from "../../../src/augment/segmentation/resize-bilinear.ts";
import { chiSquareOfUniform, LIMIT_OF_16_BINS } from "../../draws/chi-square.ts";
import { AWKWARD_SIZES, noiseImage } from "../noise-image.ts";

const SMALL = { cropSize: 28, limits: { long: 112, short: 28 } } as const;

/** Labels in two halves, the left one `share` of the width. */
function halves(width: number, height: number, share = 0.5): LabelMap {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    i % width < width * share ? 3 : 7,
  );
  return { width, height, data };
}

/** Expects half of 4000 draws, by four standard deviations. */
function even(count: number): void {
  expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(1000));
}

function noisySample(width: number, height: number): SegmentationSample {
  return {
    image: noiseImage(createRandom(width), { width, height }),
    label: halves(width, height),
  };
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isEvalError(error) ? error.code : String(error);
  }
  return undefined;
}

describe("drawSegmentation", () => {
  it("gives a sample the same draw whatever was drawn before", () => {
    const label = halves(60, 45);
    const draw = (index: number) => drawSegmentation(label, { seed: 3, epoch: 1, index, ...SMALL });
    const forward = Array.from({ length: 40 }, (_, index) => draw(index));
    expect(Array.from({ length: 40 }, (_, i) => draw(39 - i)).toReversed()).toEqual(forward);
    expect(new Set(forward.map((drawn) => JSON.stringify(drawn))).size).toBe(40);
  });

  it("draws these very samples: a run that is resumed on another machine or version depends on it", () => {
    const label = halves(683, 512);
    const draws = [0, 1].map((index) => drawSegmentation(label, { seed: 1, epoch: 0, index }));
    expect(draws).toMatchInlineSnapshot(`
      [
        {
          "distortion": [
            {
              "delta": -11.867904981268218,
              "kind": "brightness",
            },
            {
              "factor": 0.7163340255699204,
              "kind": "contrast",
            },
          ],
          "flip": true,
          "size": {
            "height": 572,
            "width": 763,
          },
          "window": {
            "height": 504,
            "left": 165,
            "top": 51,
            "width": 504,
          },
        },
        {
          "distortion": [
            {
              "delta": 11.931333609757566,
              "kind": "brightness",
            },
            {
              "factor": 0.7091005836774816,
              "kind": "contrast",
            },
            {
              "factor": 1.425768615386415,
              "kind": "saturation",
            },
            {
              "kind": "hue",
              "shift": -4,
            },
          ],
          "flip": false,
          "size": {
            "height": 701,
            "width": 935,
          },
          "window": {
            "height": 504,
            "left": 116,
            "top": 192,
            "width": 504,
          },
        },
      ]
    `);
  });

  it("draws size, place, mirror and colours as it should", () => {
    const label = halves(4000, 4000);
    const options = { cropSize: 8, limits: { long: 4000, short: 4000 }, maxClassShare: 1 };
    const draws = Array.from({ length: 4000 }, (_, index) =>
      drawSegmentation(label, { seed: 6, epoch: 0, index, ...options }),
    );
    const uniform = (of: (draw: (typeof draws)[number]) => number): void =>
      expect(chiSquareOfUniform(draws.map(of), 16)).toBeLessThan(LIMIT_OF_16_BINS);
    uniform(({ size }) => (size.width / 4000 - 0.5) / 1.5);
    uniform(({ size, window }) => window.left / (size.width - 7));
    uniform(({ size, window }) => window.top / (size.height - 7));
    even(draws.filter(({ flip }) => flip).length);
    for (const kind of ["brightness", "contrast", "saturation", "hue"]) {
      even(draws.filter(({ distortion }) => distortion.some((step) => step.kind === kind)).length);
    }
    const steps = draws.flatMap(({ distortion }) => distortion);
    const shares = {
      brightness: [] as number[],
      contrast: [] as number[],
      saturation: [] as number[],
      hue: [] as number[],
    };
    for (const step of steps) {
      if (step.kind === "brightness") shares.brightness.push((step.delta + 32) / 64);
      else if (step.kind === "hue") shares.hue.push((step.shift + 18.5) / 36);
      else shares[step.kind].push(step.factor - 0.5);
    }
    for (const [kind, numbers] of Object.entries(shares)) {
      // Hues are 36 whole numbers: 12 bins of three.
      const bins = kind === "hue" ? 12 : 16;
      expect(chiSquareOfUniform(numbers, bins), kind).toBeLessThan(LIMIT_OF_16_BINS);
    }
  });

  it("takes crops with two classes where there are some, and gives up where there are none", () => {
    const label = halves(200, 60);
    const refused = { checked: 0, unchecked: 0 };
    for (let index = 0; index < 200; index++) {
      const key = { seed: 8, epoch: 0, index };
      const checked = drawSegmentation(label, { ...key, ...SMALL });
      const unchecked = drawSegmentation(label, { ...key, ...SMALL, maxClassShare: 1 });
      expect(checked.size).toEqual(unchecked.size);
      if (!classShareAllows(countLabels(label, { ...checked.size, ...checked }), 0.75))
        refused.checked++;
      if (!classShareAllows(countLabels(label, { ...unchecked.size, ...unchecked }), 0.75))
        refused.unchecked++;
    }
    // At the largest ratio one crop in eleven holds enough of both halves: eleven crops without one happen.
    expect(refused.unchecked).toBeGreaterThan(100);
    expect(refused.checked).toBeLessThan(refused.unchecked / 2);
    const ignored = { ...label, data: label.data.map(() => IGNORED_LABEL) };
    const { window } = drawSegmentation(ignored, { seed: 8, epoch: 0, index: 0, ...SMALL });
    expect(window.width).toBeLessThanOrEqual(28);
  });
});

describe("applySegmentation", () => {
  it.each(AWKWARD_SIZES)(
    "resizes, crops, mirrors and recolours %i x %i as one step after the other does",
    (width, height) => {
      const random = createRandom(width * 1000 + height);
      const image = noiseImage(random, { width, height });
      const label = {
        width,
        height,
        data: Uint8Array.from({ length: width * height }, () => random.below(4)),
      };
      const kept = [image.data.slice(), label.data.slice()];
      for (let index = 0; index < 8; index++) {
        const draw = drawSegmentation(label, { seed: 9, epoch: 0, index, ...SMALL });
        const { size, window, flip, distortion } = draw;
        const whole = resizeBilinear(image, size).data;
        const wholeLabel = resizeLabel(label, size).data;
        const sources = Array.from({ length: window.width * window.height }, (_, i) => {
          const x = i % window.width;
          const column = flip ? window.width - 1 - x : x;
          return (window.top + Math.floor(i / window.width)) * size.width + window.left + column;
        });
        const pixels = Uint8Array.from(
          sources.flatMap((at) => [whole[at * 3]!, whole[at * 3 + 1]!, whole[at * 3 + 2]!]),
        );
        const sample = applySegmentation({ image, label }, draw);
        const { width: w, height: h } = window;
        expect(sample.image).toEqual(
          applyDistortion({ width: w, height: h, data: pixels }, distortion),
        );
        expect(sample.label).toEqual({
          width: w,
          height: h,
          data: Uint8Array.from(sources, (at) => wholeLabel[at]!),
        });
      }
      expect([image.data, label.data]).toEqual(kept);
    },
  );

  it("refuses labels of another size than the picture", () => {
    const image = noiseImage(createRandom(1), { width: 4, height: 4 });
    const draw = drawSegmentation(halves(4, 4), { seed: 1, epoch: 0, index: 0, ...SMALL });
    expect(codeOf(() => applySegmentation({ image, label: halves(4, 3) }, draw))).toBe(
      "invalid-data",
    );
  });
});

it("gray pixels stay gray whatever happens to saturation and hue", () => {
  const data = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));
  const steps = [
    { kind: "saturation", factor: 1.5 },
    { kind: "hue", shift: -18 },
  ] as const;
  const { data: turned } = applyDistortion({ width: 256, height: 1, data }, steps);
  expect(turned.every((value, i) => value === turned[i - (i % 3)])).toBe(true);
  // Both ways through float32 and truncation: a level may be lost each time.
  expect(turned.every((value, i) => data[i]! - value >= 0 && data[i]! - value <= 2)).toBe(true);
});

describe("packSegmentation", () => {
  it("pads to the right and below with the mean colour and ignored labels", () => {
    const { pixelValues, labels } = packSegmentation([noisySample(6, 6), noisySample(4, 3)], {
      size: 6,
    });
    expect([pixelValues.shape, labels.shape]).toEqual([
      [2, 3, 6, 6],
      [2, 6, 6],
    ]);
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 6; x++) {
        const inside = x < 4 && y < 3;
        expect(labels.data[36 + y * 6 + x] === IGNORED_LABEL).toBe(!inside);
        for (let c = 0; c < 3; c++) {
          expect(pixelValues.data[108 + c * 36 + y * 6 + x] === 0).toBe(!inside);
        }
      }
    }
  });

  it("fills memory that is used again as it fills new memory", () => {
    const pixelValues = new Float32Array(108).fill(9);
    const labels = new Uint8Array(36).fill(9);
    const packed = packSegmentation([noisySample(4, 3)], { size: 6, pixelValues, labels });
    expect(packed).toEqual(packSegmentation([noisySample(4, 3)], { size: 6 }));
    expect(packed.pixelValues.data).toBe(pixelValues);
  });

  it("refuses samples that do not fit and memory of another length", () => {
    expect(codeOf(() => packSegmentation([noisySample(7, 3)], { size: 6 }))).toBe("invalid-data");
    expect(
      codeOf(() => packSegmentation([noisySample(6, 6)], { size: 6, labels: new Uint8Array(4) })),
    ).toBe("invalid-argument");
  });
});

it("reducing the zero label leaves the labels that it is given", () => {
  const label = { width: 4, height: 1, data: Uint8Array.of(0, 1, 150, 255) };
  expect([...reduceZeroLabel(label).data]).toEqual([255, 0, 149, 255]);
  expect([...label.data]).toEqual([0, 1, 150, 255]);
});
