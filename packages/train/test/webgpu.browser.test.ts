// The goldens and the drawn calls of Node's tests on WebGPU. The runtime is imported by its own name: sessions live in
// a worker, which runs the built files.

import { createWebRuntime } from "@internvit/runtime-web";
import { fetchBytes, fetchGoldenTensors, goldenUrl } from "@internvit/test-kit/browser";

import { encoderBlocks } from "../src/index.ts";
import {
  describeEncoderGradients,
  ENCODER_GOLDENS,
  type EncoderManifest,
} from "./encoder/describe-encoder-gradients.ts";
import { describeOperations } from "./operations/describe-operations.ts";
import type { OperationManifest } from "./operations/run-operations.ts";
import { describeGridLayouts } from "./session/grid-layouts.ts";
import { describeRules } from "./rules/describe-rules.ts";

const createRuntime = () => createWebRuntime({ executionProvider: "webgpu" });
const fetchJson = async <T>(name: string): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await fetchBytes(goldenUrl("probes", name)))) as T;

describeOperations("WebGPU", createRuntime, {
  manifest: await fetchJson<OperationManifest>("operations.json"),
  tensors: await fetchGoldenTensors("probes", "operations.safetensors"),
});

describeGridLayouts("WebGPU", createRuntime);

describeRules("WebGPU", createRuntime, {
  calls: 1,
  fusedMatMul: false,
  without: ["LogSoftmax", "com.microsoft.FusedMatMul"],
});

for (const golden of ENCODER_GOLDENS) {
  const manifest = await fetchJson<EncoderManifest>(`${golden}.json`);
  const fetchFile = (name: string) => fetchBytes(goldenUrl(manifest.checkpoint, name));
  // One with blocks that are computed again; on the CPU both ways are compared bit for bit.
  const again = manifest.checkpoint.includes("rmsnorm");
  const label = `${manifest.checkpoint}${again ? ", recomputed" : ""}, WebGPU`;
  describeEncoderGradients(label, createRuntime, {
    manifest,
    tensors: await fetchGoldenTensors("probes", `${golden}.safetensors`),
    files: new Map([
      ["config.json", await fetchFile("config.json")],
      ["model.safetensors", await fetchFile("model.safetensors")],
    ]),
    ...(again ? { recompute: encoderBlocks } : {}),
  });
}
