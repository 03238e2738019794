// Machines as facts, to be judged without being there.

import type { MachineFacts } from "@internvit/runtime-node";

const CUDA_12 = [
  "libcuda.so.1",
  "libcudart.so.12",
  "libcublas.so.12",
  "libcublasLt.so.12",
  "libcufft.so.11",
  "libcurand.so.10",
  "libcudnn.so.9",
];
const TENSORRT_10 = ["libnvinfer.so.10", "libnvonnxparser.so.10"];

const PROVIDER_LIBRARIES = [
  "libonnxruntime.so.1",
  "libonnxruntime_providers_cuda.so",
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_tensorrt.so",
];

/** Libraries in the loader's folder, those of `missing` left out. */
export function libraries(...missing: readonly string[]): MachineFacts["libraries"] {
  return [...CUDA_12, ...TENSORRT_10].map((name) => ({
    name,
    path: missing.includes(name) ? undefined : `/usr/lib/x86_64-linux-gnu/${name}`,
    reachable: !missing.includes(name),
    others: [],
  }));
}

/** Linux on x64 with a card, its driver, CUDA 12, cuDNN 9, and ONNX Runtime's libraries for them. */
export const NVIDIA_MACHINE: MachineFacts = {
  platform: "linux",
  arch: "x64",
  release: "6.1.0",
  libc: { kind: "glibc", version: "2.36" },
  cpu: { model: "AMD EPYC 9354", cores: 32, usableCores: 16, flags: ["avx2", "avx512f"] },
  memory: { total: 128e9, limit: 64e9 },
  node: "22.11.0",
  onnxruntime: {
    build: { kind: "loaded", version: "1.30.0", backends: ["cpu", "webgpu", "cuda", "tensorrt"] },
    folder: "/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64",
    files: PROVIDER_LIBRARIES,
  },
  nvidia: { driver: "580.159.04", cards: ["NVIDIA H100 80GB HBM3"] },
  libraries: libraries(),
  vulkan: {
    loader: "/usr/lib/x86_64-linux-gnu/libvulkan.so.1",
    drivers: [
      {
        file: "/usr/share/vulkan/icd.d/nvidia_icd.json",
        library: "libGLX_nvidia.so.0",
        name: "NVIDIA",
        software: false,
      },
    ],
  },
  environment: {},
};

/** Linux on x64 without any card. */
export const PLAIN_MACHINE: MachineFacts = {
  ...NVIDIA_MACHINE,
  onnxruntime: { ...NVIDIA_MACHINE.onnxruntime, files: ["libonnxruntime.so.1"] },
  nvidia: undefined,
  libraries: libraries(...CUDA_12, ...TENSORRT_10),
  vulkan: { loader: undefined, drivers: [] },
};

/** A Mac with Apple silicon. */
export const MAC: MachineFacts = {
  ...PLAIN_MACHINE,
  platform: "darwin",
  arch: "arm64",
  libc: undefined,
  cpu: { model: "Apple M2", cores: 8, usableCores: 8, flags: [] },
  onnxruntime: {
    build: { kind: "loaded", version: "1.30.0", backends: ["cpu", "coreml", "webgpu"] },
    folder: "/app/node_modules/onnxruntime-node/bin/napi-v6/darwin/arm64",
    files: ["libonnxruntime.1.30.0.dylib"],
  },
  libraries: [],
  vulkan: undefined,
};
