import {
  fetchGoldenTensors,
  fixtureUrl,
  float32Golden,
  goldenModels,
} from "@internvit/test-kit/browser";
import { expect, test } from "vitest";

test("pages of tests are cross-origin isolated, and WebGPU has an adapter", async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(await navigator.gpu.requestAdapter()).not.toBeNull();
});

test("goldens are served, whole and in ranges", async () => {
  expect(goldenModels().length).toBeGreaterThan(0);
  const tensors = await fetchGoldenTensors("resize.safetensors");
  expect(tensors.size).toBeGreaterThan(0);
  const config = fixtureUrl("tiny-layernorm", "config.json");
  const part = await fetch(config, { headers: { range: "bytes=0-3" } });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 4]);
  const expected = await fetchGoldenTensors("tiny-layernorm", "expected.safetensors");
  expect(float32Golden(expected, "native.pixel_values").shape).toHaveLength(4);
});
