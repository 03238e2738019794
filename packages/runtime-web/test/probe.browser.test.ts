// The check of a device before use, held against the device for which it was made: with the feature `subgroups`, ONNX
// Runtime 1.30's fused attention gives wrong numbers on SwiftShader. docs/decisions/0019.

import {
  buildHalfProbe,
  HALF_PROBE_TOLERANCE,
  PROBE_TOLERANCE,
  probeError,
  probeInput,
} from "@internvit/model-core/session";
import * as ort from "onnxruntime-web/webgpu";
import { expect, test } from "vitest";

import { probeProvider } from "../src/worker/probe-provider.ts";

async function probe(
  requiredFeatures: readonly GPUFeatureName[],
): ReturnType<typeof probeProvider> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("expected an adapter");
  const device = await adapter.requestDevice({ requiredFeatures: [...requiredFeatures] });
  const providers = [{ name: "webgpu", device } as const];
  try {
    return await probeProvider(ort, { providers, half: false });
  } finally {
    device.destroy();
  }
}

test("a device without subgroups computes rightly, one with them has a wrong fused attention", async () => {
  ort.env.wasm.numThreads = 1;
  const without = await probe([]);
  expect(without.error).toBeLessThan(PROBE_TOLERANCE);
  expect(without.attentionError).toBeLessThan(PROBE_TOLERANCE);
  const withSubgroups = await probe(["subgroups"]);
  expect(withSubgroups.error).toBeLessThan(PROBE_TOLERANCE);
  expect(withSubgroups.attentionError).toBeGreaterThan(10 * PROBE_TOLERANCE);
});

test("the graph in float16 runs, and is what it says", async () => {
  const session = await ort.InferenceSession.create(buildHalfProbe());
  const { data, shape } = probeInput();
  const { y } = await session.run({ x: new ort.Tensor("float32", data, shape) });
  await session.release();
  const [tokens = 0, width = 0] = shape.slice(1);
  const expected = Float32Array.from({ length: tokens * width }, (_, i) => {
    const row = Math.floor(i / width);
    let sum = 0;
    for (let k = 0; k < width; k++) {
      sum += (data[row * width + k] ?? 0) * Math.cos((k * width + (i % width)) * 0.61);
    }
    return sum;
  });
  const error = probeError({ expected, computed: y?.data as Float32Array });
  expect(error).toBeLessThan(HALF_PROBE_TOLERANCE);
});
