// The goldens of Node's test on WebGPU. The runtime is imported by its own name: sessions live in a worker, which runs
// the built files.

import { createWebRuntime } from "@internvit/runtime-web";
import { fetchBytes, fetchGoldenTensors, goldenUrl } from "@internvit/test-kit/browser";

import { describeGoldenHead, HEAD_GOLDENS } from "./describe-golden-head.ts";
import type { HeadManifest } from "./train-golden-head.ts";

const createRuntime = () => createWebRuntime({ executionProvider: "webgpu" });
const fetchManifest = async (name: string): Promise<HeadManifest> =>
  JSON.parse(new TextDecoder().decode(await fetchBytes(goldenUrl("probes", name)))) as HeadManifest;

for (const golden of HEAD_GOLDENS) {
  describeGoldenHead(`${golden}, WebGPU`, createRuntime, {
    manifest: await fetchManifest(`${golden}.json`),
    tensors: await fetchGoldenTensors("probes", `${golden}.safetensors`),
  });
}
