import {
  applyMixing,
  drawMixing,
  isEvalError,
  type Mixing,
  type MixingOptions,
  type PictureBatch,
  softTargets,
} from "@internvit/eval";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { cutmixAt } from "../../src/augment/draw-mixing.ts";

const SIZE = { width: 448, height: 448 };

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isEvalError(error) ? error.code : String(error);
  }
  return undefined;
}

function draw(batch: number): Mixing {
  return drawMixing({ seed: 3, epoch: 1, batch, ...SIZE });
}

/** What kinds of mixing 60 batches draw. */
function kinds(options: Partial<MixingOptions>): Set<string> {
  const key = { seed: 4, epoch: 0, ...SIZE, ...options };
  return new Set(Array.from({ length: 60 }, (_, batch) => drawMixing({ ...key, batch }).kind));
}

describe("drawMixing", () => {
  it("gives a batch the same mixing whatever was drawn before", () => {
    const forward = Array.from({ length: 40 }, (_, batch) => draw(batch));
    expect(Array.from({ length: 40 }, (_, i) => draw(39 - i)).toReversed()).toEqual(forward);
    expect(new Set(forward.map((mixing) => mixing.kind))).toEqual(new Set(["mixup", "cutmix"]));
  });

  it("draws these very mixings: a run that is resumed on another machine or version depends on it", () => {
    const draws = [0, 1, 2, 3].map((batch) => drawMixing({ seed: 1, epoch: 0, batch, ...SIZE }));
    expect(draws).toMatchInlineSnapshot(`
      [
        {
          "kind": "mixup",
          "lambda": 0.7177343450214901,
        },
        {
          "box": {
            "height": 174,
            "left": 257,
            "top": 0,
            "width": 191,
          },
          "kind": "cutmix",
          "lambda": 0.8344128667091837,
        },
        {
          "kind": "mixup",
          "lambda": 0.45640244201596963,
        },
        {
          "kind": "mixup",
          "lambda": 0.63983997668766,
        },
      ]
    `);
  });

  it("cuts every other batch, at places and with shares as it should", () => {
    const draws = Array.from({ length: 8000 }, (_, batch) =>
      drawMixing({ seed: 4, epoch: 0, batch, ...SIZE }),
    );
    const cuts = draws.filter((mixing) => mixing.kind === "cutmix");
    expect(Math.abs(cuts.length - 4000)).toBeLessThan(4 * Math.sqrt(2000));
    for (const { lambda, box } of cuts) {
      expect(box.left >= 0 && box.top >= 0 && box.width >= 0 && box.height >= 0).toBe(true);
      expect(box.left + box.width <= 448 && box.top + box.height <= 448).toBe(true);
      expect(lambda).toBe(1 - (box.width * box.height) / 448 ** 2);
    }
    const mixups = draws.filter((mixing) => mixing.kind === "mixup");
    const mean = mixups.reduce((sum, { lambda }) => sum + lambda, 0) / mixups.length;
    // The variance of Beta(0.8, 0.8) is 1 / (4 (2 * 0.8 + 1)).
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 10.4 / mixups.length));
  });

  it("keeps to what is switched off", () => {
    expect(kinds({ cutmixAlpha: 0 })).toEqual(new Set(["mixup"]));
    expect(kinds({ mixupAlpha: 0 })).toEqual(new Set(["cutmix"]));
    expect(kinds({ mixupAlpha: 0, cutmixAlpha: 0 })).toEqual(new Set(["none"]));
    expect(kinds({ probability: 0 })).toEqual(new Set(["none"]));
    expect(kinds({ probability: 0.5, switchProbability: 1 })).toEqual(new Set(["none", "cutmix"]));
  });

  it("draws boxes for pictures of one pixel", () => {
    for (let batch = 0; batch < 20; batch++) {
      const mixing = drawMixing({ seed: 4, epoch: 0, batch, width: 1, height: 1, mixupAlpha: 0 });
      expect(mixing).toMatchObject({ kind: "cutmix", lambda: 1, box: { width: 0, height: 0 } });
    }
  });
});

const floats = (pictures: number): PictureBatch & { readonly dtype: "float32" } => {
  const random = createRandom(pictures);
  const shape = [pictures, 3, 5, 7];
  return {
    dtype: "float32",
    shape,
    data: Float32Array.from({ length: pictures * 105 }, () => random.next() * 4 - 2),
  };
};
const bytes = (pictures: number): PictureBatch & { readonly dtype: "uint8" } => {
  const random = createRandom(pictures);
  const shape = [pictures, 5, 7, 3];
  return {
    dtype: "uint8",
    shape,
    data: Uint8Array.from({ length: pictures * 105 }, () => random.below(256)),
  };
};

/** What every value should become, from the definition. */
function naiveMix(batch: PictureBatch, mixing: Mixing): number[] {
  const pictures = batch.shape[0]!;
  return Array.from(batch.data, (own, i) => {
    const picture = Math.floor(i / 105);
    const within = i % 105;
    const partner = batch.data[(pictures - 1 - picture) * 105 + within]!;
    if (mixing.kind === "none") return own;
    if (mixing.kind === "mixup") return own * mixing.lambda + partner * (1 - mixing.lambda);
    const pixel = batch.dtype === "float32" ? within % 35 : Math.floor(within / 3);
    const [x, y] = [pixel % 7, Math.floor(pixel / 7)];
    const { left, top, width, height } = mixing.box;
    return x >= left && x < left + width && y >= top && y < top + height ? partner : own;
  });
}

const CUTS = [
  cutmixAt({ width: 7, height: 5 }, { lambda: 0.3, x: 3, y: 2 }),
  cutmixAt({ width: 7, height: 5 }, { lambda: 0, x: 0, y: 4 }),
  cutmixAt({ width: 7, height: 5 }, { lambda: 0.99, x: 6, y: 0 }),
];

describe("applyMixing", () => {
  it.each([2, 6])(
    "exchanges boxes in %i pictures of floats and of bytes, value by value",
    (pictures) => {
      for (const batch of [floats(pictures), bytes(pictures)]) {
        for (const mixing of CUTS) {
          expect([...applyMixing(batch, mixing).data]).toEqual(naiveMix(batch, mixing));
        }
      }
    },
  );

  it("mixes floats to float32 rounding, and bytes to the nearest level", () => {
    for (const lambda of [0, 0.2, 0.5, 0.77, 1]) {
      const mixing = { kind: "mixup", lambda } as const;
      const mixedFloats = applyMixing(floats(4), mixing).data;
      for (const [i, expected] of naiveMix(floats(4), mixing).entries()) {
        expect(Math.abs(mixedFloats[i]! - expected)).toBeLessThan(5e-7);
      }
      const mixedBytes = applyMixing(bytes(4), mixing).data;
      for (const [i, expected] of naiveMix(bytes(4), mixing).entries()) {
        expect(Math.abs(mixedBytes[i]! - expected)).toBeLessThanOrEqual(0.5 + 1e-9);
      }
    }
  });

  it("leaves the batch as it was, unless its own memory is given for the result", () => {
    const batch = floats(4);
    const mixing = { kind: "mixup", lambda: 0.3 } as const;
    const mixed = applyMixing(batch, mixing);
    expect(batch).toEqual(floats(4));
    const elsewhere = applyMixing(batch, mixing, { data: new Float32Array(420) });
    expect(elsewhere).toEqual(mixed);
    expect(applyMixing(batch, mixing, { data: batch.data }).data).toBe(batch.data);
    expect(batch).toEqual(mixed);
    expect(applyMixing(floats(3), { kind: "none", lambda: 1 })).toEqual(floats(3));
  });

  it("refuses odd batches, boxes outside, other shapes and memory that does not fit", () => {
    const mixup = { kind: "mixup", lambda: 0.3 } as const;
    expect(codeOf(() => applyMixing(floats(3), mixup))).toBe("invalid-argument");
    expect(codeOf(() => applyMixing({ ...floats(2), shape: [2, 105] }, mixup))).toBe(
      "invalid-argument",
    );
    expect(codeOf(() => applyMixing(floats(2), mixup, { data: new Float32Array(4) }))).toBe(
      "invalid-argument",
    );
    const box = { left: 3, top: 0, width: 5, height: 1 };
    expect(codeOf(() => applyMixing(floats(2), { kind: "cutmix", lambda: 0.8, box }))).toBe(
      "invalid-argument",
    );
  });
});

describe("softTargets", () => {
  it("spreads the smoothing over all classes and mixes with the reversed batch", () => {
    const mixing = { kind: "mixup", lambda: 0.75 } as const;
    const { shape, data } = softTargets([0, 1, 2, 1], { classes: 4, mixing });
    expect(shape).toEqual([4, 4]);
    const expected = [
      [0.7, 0.25, 0.025, 0.025],
      [0.025, 0.7, 0.25, 0.025],
    ];
    for (const [i, value] of expected.flat().entries()) expect(data[i]).toBeCloseTo(value, 6);
    for (let row = 0; row < 4; row++) {
      expect(data.subarray(row * 4, row * 4 + 4).reduce((sum, value) => sum + value)).toBeCloseTo(
        1,
        6,
      );
    }
  });

  it("is one-hot without smoothing and mixing, also for an odd batch", () => {
    const { data } = softTargets(Int32Array.of(2, 0, 1), { classes: 3, smoothing: 0 });
    expect([...data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
  });

  it("refuses a label outside the classes, and an odd batch that is mixed", () => {
    for (const label of [-1, 3, 1.5, NaN]) {
      expect(codeOf(() => softTargets([0, label], { classes: 3 }))).toBe("invalid-data");
    }
    const mixing = { kind: "mixup", lambda: 0.5 } as const;
    expect(codeOf(() => softTargets([0], { classes: 3, mixing }))).toBe("invalid-argument");
  });
});
