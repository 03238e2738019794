import { createNodeRuntime } from "@internvit/runtime-node";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import { describeGoldenHead, HEAD_GOLDENS } from "./describe-golden-head.ts";
import type { HeadGoldens } from "./train-golden-head.ts";

const createRuntime = () => createNodeRuntime();
const read = (name: string): HeadGoldens => ({
  manifest: readGoldenJson("probes", `${name}.json`),
  tensors: readGoldenTensors("probes", `${name}.safetensors`),
});

for (const golden of HEAD_GOLDENS)
  describeGoldenHead(`${golden}, CPU`, createRuntime, read(golden));

describeGoldenHead("attention-probe as it is written, CPU", createRuntime, {
  ...read("attention-probe"),
  rewrites: [],
});
