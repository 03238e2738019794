import { expect, test } from "vitest";

import { planAlignedWeights, type ProjectorWeights, type WeightSlice } from "../../src/index.ts";

const slice: WeightSlice = {
  name: "w",
  dtype: "bfloat16",
  shape: [3],
  file: "model.safetensors",
  start: 10,
  byteLength: 6,
};
const affine = { weight: slice, bias: undefined };
const weights: ProjectorWeights = { norm: affine, linear1: affine, linear2: affine };

test.each([
  { float32: false, dtype: "bfloat16", bytes: 6, data: Uint16Array.of(0x3f80, 0xc000, 0) },
  { float32: true, dtype: "float32", bytes: 12, data: Float32Array.of(1, -2, 0) },
] as const)("aligned weights are $dtype with float32: $float32", async (expected) => {
  const { float32, dtype, bytes, data } = expected;
  const plan = planAlignedWeights(weights, { file: "aligned", float32 });
  expect(plan.weights.linear1.weight).toMatchObject({ dtype, start: 4096, byteLength: bytes });
  expect(plan.byteLength).toBe(2 * 4096 + bytes);
  const [first] = plan.groups;
  expect(await first?.make(async () => Float32Array.of(1, -2, 0))).toEqual([data]);
});
