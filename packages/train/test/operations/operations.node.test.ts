import { createNodeRuntime } from "@internvit/runtime-node";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import { describeOperations } from "./describe-operations.ts";

describeOperations("CPU", () => createNodeRuntime(), {
  manifest: readGoldenJson("probes", "operations.json"),
  tensors: readGoldenTensors("probes", "operations.safetensors"),
});
