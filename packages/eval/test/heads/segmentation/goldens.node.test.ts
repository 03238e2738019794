import { createNodeRuntime } from "@internvit/runtime-node";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import { describeSegmentation, SEGMENTATION_GOLDENS } from "./describe-segmentation.ts";

for (const golden of SEGMENTATION_GOLDENS) {
  describeSegmentation(`${golden}, CPU`, () => createNodeRuntime(), {
    manifest: readGoldenJson("probes", `${golden}.json`),
    tensors: readGoldenTensors("probes", `${golden}.safetensors`),
  });
}
