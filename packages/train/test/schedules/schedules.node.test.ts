import { readGoldenJson } from "@internvit/test-kit";
import { expect, test } from "vitest";

import {
  cosineSchedule,
  initialLossScale,
  layerDecay,
  nextLossScale,
  oneUpdateBehind,
  polySchedule,
} from "../../src/index.ts";

test("golden rates of the segmentation recipe", () => {
  const golden = readGoldenJson<{
    base_lr: number;
    total: number;
    warmup: number;
    lr: Record<string, number>;
  }>("probes", "seg-schedule.json");
  const { base_lr: peak, total, warmup } = golden;
  const schedule = polySchedule({ peak, total, warmup, warmupRatio: 1e-6 });
  for (const [step, rate] of Object.entries(golden.lr)) {
    expect(Math.abs(schedule(Number(step)) / rate - 1), step).toBeLessThan(1e-12);
  }
});

test("golden multipliers of layer-wise decay", () => {
  const golden = readGoldenJson<{
    "layer_decay_0.95": Record<string, { num_layers: number; lr_scale: Record<string, number> }>;
  }>("probes", "seg-schedule.json");
  for (const { num_layers: layers, lr_scale: scales } of Object.values(
    golden["layer_decay_0.95"],
  )) {
    const group = layerDecay({ layers, rate: 0.95, weightDecay: 0.05 });
    for (const [name, scale] of Object.entries(scales)) {
      expect(group(name, [1]).learningRateScale, name).toBeCloseTo(scale, 12);
    }
  }
});

test("weight decay is for matrices and tables", () => {
  const group = layerDecay({ layers: 24, rate: 1, weightDecay: 0.05 });
  expect(group("backbone.pos_embed", [1, 10, 4]).weightDecay).toBe(0.05);
  expect(group("backbone.norm.weight", [4]).weightDecay).toBe(0);
  expect(group("backbone.up1.0.bias", [4, 1]).weightDecay).toBe(0);
});

test("the classification recipe: the cosine does not wait for the warm-up, and rates are one update late", () => {
  const schedule = oneUpdateBehind(cosineSchedule({ peak: 0.2, total: 12_510, warmup: 1251 }));
  expect(schedule(0)).toBe(0);
  expect(schedule(1)).toBe(0);
  expect(schedule(2)).toBeCloseTo(0.2 / 1251, 12);
  expect(schedule(1251)).toBeCloseTo(0.19984, 5);
  expect(schedule(1252)).toBeCloseTo(0.19511, 5);
  expect(schedule(20_000)).toBe(0);
});

test("a cosine ends at its minimum and stays there", () => {
  const schedule = cosineSchedule({
    peak: 1,
    total: 10,
    minimum: 0.1,
    warmupStart: 0.5,
    warmup: 2,
  });
  expect([0, 1, 5, 10, 11].map(schedule)).toEqual([0.5, 0.75, expect.closeTo(0.55), 0.1, 0.1]);
});

test("a loss scale halves on overflow and doubles after enough good updates", () => {
  const options = { initial: 8, interval: 2 };
  const good = (scale: ReturnType<typeof initialLossScale>) =>
    nextLossScale(scale, { ...options, overflowed: false });
  const start = initialLossScale(options);
  expect(good(start)).toEqual({ scale: 8, goodUpdates: 1 });
  expect(good(good(start))).toEqual({ scale: 16, goodUpdates: 0 });
  expect(nextLossScale(good(start), { ...options, overflowed: true })).toEqual({
    scale: 4,
    goodUpdates: 0,
  });
});
