import { initialHead, probeHead } from "@internvit/eval";
import { expect, test } from "vitest";

const FORM = { kind: "attention-pooling", width: 64, classes: 10, heads: 4 } as const;

const values = (seed: number) => initialHead(FORM, { seed }).parameters;

test("a head's first values are those of its seed and of no other", () => {
  expect(values(3)).toEqual(values(3));
  expect(values(3)["head.weight"]).not.toEqual(values(4)["head.weight"]);
});

test("a head's first values are the same on every platform", () => {
  const data = values(3)["head.weight"]!.data as Float32Array;
  const bits = new Uint32Array(data.buffer);
  // FNV-1a over the bits, as they were drawn first.
  const hash = bits.reduce((sum, word) => Math.imul(sum ^ word, 0x01000193), 0x811c9dc5) >>> 0;
  expect([data[0], data[1]]).toEqual([0.00675784470513463, -0.00462458236142993]);
  expect(hash).toBe(3_348_476_126);
});

test("a head's first values are distributed as the recipe says", () => {
  const { parameters, buffers } = initialHead(
    { ...FORM, kind: "linear", classes: 500 },
    { seed: 1 },
  );
  const weights = parameters["head.weight"]!.data as Float32Array;
  const mean = weights.reduce((sum, value) => sum + value, 0) / weights.length;
  const deviation = Math.sqrt(weights.reduce((sum, value) => sum + value ** 2, 0) / weights.length);
  expect(Math.abs(mean)).toBeLessThan(2e-4);
  expect(deviation).toBeCloseTo(0.01, 4);
  expect(buffers["norm.running_var"]!.data).toEqual(new Float32Array(128).fill(1));
  const projection = initialHead(FORM, { seed: 1 }).parameters["attn_pooling.cross_attn.v.weight"]!;
  const largest = Math.max(...Array.from(projection.data as Float32Array, Math.abs));
  expect(largest).toBeLessThanOrEqual(1 / 8);
  expect(largest).toBeGreaterThan(0.99 / 8);
});

test("a head asks for tokens or for features that are there already", () => {
  const batchNorm = { epsilon: 1e-6, momentum: 0.1 };
  const linear = { ...FORM, kind: "linear" } as const;
  const state = initialHead(linear, { seed: 0 });
  expect(probeHead(linear, { batch: 8, state, batchNorm }).inputs).toEqual({
    features: { dtype: "float32", shape: [8, 128] },
  });
  expect(probeHead(linear, { batch: 8, tokens: 17, state, batchNorm }).inputs).toEqual({
    tokens: { dtype: "float32", shape: [8, 17, 64] },
  });
});
