import { readFileSync } from "node:fs";

import { createNodeRuntime } from "@internvit/runtime-node";
import { goldenPath, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import {
  describeEncoderGradients,
  ENCODER_GOLDENS,
  type EncoderManifest,
} from "./describe-encoder-gradients.ts";

for (const golden of ENCODER_GOLDENS) {
  const manifest = readGoldenJson<EncoderManifest>("probes", `${golden}.json`);
  const read = (name: string) =>
    new Uint8Array(readFileSync(goldenPath(manifest.checkpoint, name)));
  describeEncoderGradients(`${manifest.checkpoint}, CPU`, () => createNodeRuntime(), {
    manifest,
    tensors: readGoldenTensors("probes", `${golden}.safetensors`),
    files: new Map([
      ["config.json", read("config.json")],
      ["model.safetensors", read("model.safetensors")],
    ]),
  });
}
