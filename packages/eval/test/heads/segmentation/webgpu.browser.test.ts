// The goldens of Node's test on WebGPU. The runtime is imported by its own name: sessions live in a worker, which runs
// the built files.

import { createWebRuntime } from "@internvit/runtime-web";
import { fetchBytes, fetchGoldenTensors, goldenUrl } from "@internvit/test-kit/browser";

import { describeSegmentation, SEGMENTATION_GOLDENS } from "./describe-segmentation.ts";
import type { SegmentationManifest } from "./golden-training.ts";

const createRuntime = () => createWebRuntime({ executionProvider: "webgpu" });
const fetchManifest = async (name: string): Promise<SegmentationManifest> =>
  JSON.parse(
    new TextDecoder().decode(await fetchBytes(goldenUrl("probes", name))),
  ) as SegmentationManifest;

for (const golden of SEGMENTATION_GOLDENS) {
  describeSegmentation(`${golden}, WebGPU`, createRuntime, {
    manifest: await fetchManifest(`${golden}.json`),
    tensors: await fetchGoldenTensors("probes", `${golden}.safetensors`),
    // Shaders in software are ten seconds of compiling; full-upernet-layernorm evaluates the same heads.
    evaluates: golden !== "upernet-head",
  });
}
