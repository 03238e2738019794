// The search on WebGPU. The runtime is imported by its own name: sessions live in a worker, which runs the built files.

import { createWebRuntime } from "@internvit/runtime-web";

import { describeKnn } from "./describe-knn.ts";

describeKnn("WebGPU", () => createWebRuntime({ executionProvider: "webgpu" }));
