// The execution providers by our names, and what is the same for each wherever it runs.

import type { Fusion } from "@internvit/model-core";

/** Execution providers that a session can be asked for. A named one is used or fails; none falls back. */
export const EXECUTION_PROVIDERS = [
  "cpu",
  "cuda",
  "tensorrt",
  "webgpu",
  "coreml",
  "directml",
] as const;

/** One of `EXECUTION_PROVIDERS`. */
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

/**
 * The fused forms that pay on the CPU execution provider, in time or in memory; benchmarks/README.md has a line for
 * each, and for those that do not.
 */
export const CPU_FUSIONS: readonly Fusion[] = ["attention", "rms-norm", "transposed-weights"];

// On the others only what has a kernel there: an operator without one moves to the CPU and takes its tensors along.
const FUSIONS: Readonly<Record<ExecutionProvider, readonly Fusion[]>> = {
  cpu: CPU_FUSIONS,
  cuda: ["attention"],
  tensorrt: [],
  webgpu: ["attention"],
  coreml: [],
  directml: ["attention"],
};

/** The name by which onnxruntime-node knows a provider. */
export function runtimeName(provider: ExecutionProvider): string {
  return provider === "directml" ? "dml" : provider;
}

/** What a session is made with, by ONNX Runtime's names: TensorRT leaves what it does not know to CUDA, on the card. */
export function sessionProviders(provider: ExecutionProvider): readonly string[] {
  return provider === "tensorrt" ? ["tensorrt", "cuda"] : [runtimeName(provider)];
}

/**
 * The fused forms of the encoder graph that are used by default.
 *
 * @param options `attention`: false where the fused attention was seen to give wrong numbers
 */
export function providerFusions(
  provider: ExecutionProvider,
  { attention }: { readonly attention: boolean },
): readonly Fusion[] {
  return FUSIONS[provider].filter((fusion) => attention || fusion !== "attention");
}

/**
 * Whether the weights must be read from a sidecar with aligned tensors. A checkpoint's tensors begin at any even byte:
 * cuBLAS refuses such addresses, and copies to a GPU's memory want multiples of 256 bytes.
 */
export function needsAlignedWeights(provider: ExecutionProvider): boolean {
  return provider === "cuda" || provider === "tensorrt" || provider === "webgpu";
}
