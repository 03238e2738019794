import { createNodeRuntime } from "@internvit/runtime-node";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import { describeClassification } from "./describe-classification.ts";

const createRuntime = () => createNodeRuntime();

for (const golden of ["linear-probe-soft", "linear-probe-hard", "attention-probe"]) {
  describeClassification(`${golden}, CPU`, createRuntime, {
    manifest: readGoldenJson("probes", `${golden}.json`),
    tensors: readGoldenTensors("probes", `${golden}.safetensors`),
  });
}

describeClassification("attention-probe as it is written, CPU", createRuntime, {
  manifest: readGoldenJson("probes", "attention-probe.json"),
  tensors: readGoldenTensors("probes", "attention-probe.safetensors"),
  rewrites: [],
});
