// The package is imported by its own name: sessions live in a worker, which runs the built files.

import { describeGraphRuntime, describeVisionEncoder } from "@internvit/contracts";
import { urlDirectory } from "@internvit/hub";
import { createVisionEncoder, createWebRuntime, type WebProvider } from "@internvit/runtime-web";
import { fetchGoldenModels } from "@internvit/test-kit/browser";

const MODELS = await fetchGoldenModels();
// Every set of fusions is checked in Node, with the same graphs.
const FUSIONS = {
  wasm: { default: ["attention", "rms-norm", "transposed-weights"] },
  webgpu: { default: ["attention"] },
} as const;

for (const executionProvider of ["wasm", "webgpu"] satisfies WebProvider[]) {
  describeGraphRuntime(`onnxruntime-web, ${executionProvider}`, () =>
    createWebRuntime({ executionProvider }),
  );
  describeVisionEncoder(
    `runtime-web, ${executionProvider}`,
    (url, options) => createVisionEncoder(urlDirectory(url), { ...options, executionProvider }),
    { models: MODELS, fusionSets: FUSIONS[executionProvider] },
  );
}
