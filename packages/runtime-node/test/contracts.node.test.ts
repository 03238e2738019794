// The package is imported by its own name: sessions live in a worker thread, which runs the built files.

import { describeGraphRuntime, describeVisionEncoder } from "@internvit/contracts";
import { ALL_FUSIONS } from "@internvit/model-core";
import { CPU_FUSIONS, createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import { readGoldenModels } from "@internvit/test-kit";

describeGraphRuntime("onnxruntime-node, cpu", () => createNodeRuntime());

describeVisionEncoder("runtime-node, cpu", createVisionEncoder, {
  models: readGoldenModels(),
  fusionSets: {
    plain: [],
    default: CPU_FUSIONS,
    all: ALL_FUSIONS,
    attention: ["attention"],
    "rms-norm": ["rms-norm"],
    "skip-norm": ["skip-norm"],
    "bias-gelu": ["bias-gelu"],
    "layer-scale": ["layer-scale"],
    "transposed-weights": ["transposed-weights"],
  },
});
