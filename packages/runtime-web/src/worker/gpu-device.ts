// The GPUDevice of a session. It is made here and not by ONNX Runtime: its feature `subgroups` is left out, because
// with it the fused attention of ONNX Runtime 1.30 gave wrong numbers (docs/decisions/0019), and its loss has to be
// heard of.

import { RuntimeError } from "@internvit/model-core";

import { type AdapterFacts, adapterFacts } from "./adapter-facts.ts";

/** A device that is ours. */
export interface OwnedDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterFacts;
  /** Why it is gone; undefined while it is there. */
  readonly lost: string | undefined;
  /** Resolves with the reason when it is lost. */
  readonly whenLost: Promise<string>;
}

const FEATURES: readonly GPUFeatureName[] = ["shader-f16"];

/** The limits that ONNX Runtime's kernels go to. */
const LIMITS = [
  "maxBindGroups",
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
] as const;

/**
 * Asks the browser for a device with all that the adapter has.
 *
 * @throws RuntimeError `unsupported` when there is no WebGPU, no adapter, or no device to be had.
 */
export async function openDevice(): Promise<OwnedDevice> {
  // Absent where the browser has no WebGPU, and where the page is not secure.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (gpu === undefined) throw new RuntimeError("unsupported", "this browser has no WebGPU here");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new RuntimeError("unsupported", "the browser has WebGPU, but no adapter for it");
  }
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    });
  } catch (cause) {
    const text = `the WebGPU adapter gives no device: ${(cause as Error).message}`;
    throw new RuntimeError("unsupported", text, { cause });
  }
  let lost: string | undefined;
  const whenLost = device.lost.then(({ reason, message }) => {
    lost = message === "" ? reason : message;
    return lost;
  });
  return {
    device,
    adapter: adapterFacts(adapter),
    get lost() {
      return lost;
    },
    whenLost,
  };
}
