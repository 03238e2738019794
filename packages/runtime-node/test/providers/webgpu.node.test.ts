// WebGPU as it really is in onnxruntime-node, on a software adapter: slow, but its numbers and its faults are real.

import { describeGraphRuntime, describeVisionEncoder } from "@internvit/contracts";
import { featureOf } from "@internvit/model-core";
import {
  createNodeRuntime,
  createVisionEncoder,
  selectExecutionProvider,
} from "@internvit/runtime-node";
import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  goldenPath,
  readGoldenModels,
} from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { useSoftwareVulkan } from "./software-vulkan.ts";

// onnxruntime-node has no WebGPU for Linux on arm64 and no build for Macs with Intel processors.
const hasWebGpu = !["linux/arm64", "darwin/x64"].includes(`${process.platform}/${process.arch}`);

describe.runIf(hasWebGpu)("webgpu", async () => {
  useSoftwareVulkan();
  const selected = await selectExecutionProvider("webgpu");

  describeGraphRuntime("onnxruntime-node, webgpu", () =>
    createNodeRuntime({ executionProvider: "webgpu" }),
  );
  describeVisionEncoder(
    "runtime-node, webgpu",
    (checkpoint, options) =>
      createVisionEncoder(checkpoint, { ...options, executionProvider: selected }),
    {
      fusionSets: { default: selected.fusedAttention ? ["attention"] : [] },
      // All of them were seen to pass, and take 40 seconds; tiny-layernorm runs below.
      models: readGoldenModels(["tiny-rmsnorm-qknorm"]),
    },
  );

  const path = goldenPath("tiny-layernorm");
  const pixels = {
    dtype: "uint8",
    shape: [1, 112, 112, 3],
    data: Uint8Array.from({ length: 112 * 112 * 3 }, (_, i) => (i * 7919) % 251),
  } as const;
  const outputs = ["last_hidden_state"] as const;

  test("info says what runs, on what, and how much of it on the CPU", async () => {
    await using encoder = await createVisionEncoder(path, { executionProvider: selected });
    const { info } = encoder;
    expect(info.executionProvider).toBe("webgpu");
    expect(info.device).toBe(selected.device);
    const { WebGpuExecutionProvider: onGpu = 0, CPUExecutionProvider: onCpu = 0 } =
      info.placement ?? {};
    expect(onGpu).toBeGreaterThan(100);
    expect(onCpu).toBeLessThan(onGpu / 10);
  });

  test.runIf(process.platform === "linux")(
    "a software adapter is named as one, and auto does not take it for a GPU",
    async () => {
      expect(selected.device).toBe("SwiftShader (software)");
      expect(selected.notes.join()).toContain("computes on the CPU, not a GPU");
      const automatic = await selectExecutionProvider("auto");
      expect(automatic.provider).not.toBe("webgpu");
      const { reason } = automatic.passedOver.find(({ provider }) => provider === "webgpu") ?? {};
      expect(reason).toBe("the only Vulkan driver computes on the CPU: SwiftShader");
    },
  );

  // When this fails with another ONNX Runtime, its fused attention is right on this adapter: good news.
  test.runIf(process.platform === "linux")(
    "the canary finds that the fused attention is wrong here, and the encoder goes without it",
    async () => {
      expect(selected.fusedAttention).toBe(false);
      expect(selected.notes.join()).toMatch(/fused attention gives wrong numbers .*separate steps/);
      await using cpu = await createVisionEncoder(path, { outputs });
      await using chosen = await createVisionEncoder(path, {
        outputs,
        executionProvider: selected,
      });
      await using fused = await createVisionEncoder(path, {
        outputs,
        executionProvider: selected,
        fusions: ["attention"],
      });
      expect(chosen.info.fusions).toEqual([]);
      expect(chosen.info.notes?.join()).toMatch(/fused attention gives wrong numbers/);
      const expected = featureOf(await cpu.encode(pixels), "last_hidden_state");
      const right = featureOf(await chosen.encode(pixels), "last_hidden_state");
      const wrong = featureOf(await fused.encode(pixels), "last_hidden_state");
      expect(difference(right.data, expected.data).maxAbsolute).toBeLessThanOrEqual(
        FLOAT32_GOLDEN_TOLERANCE.maxAbsolute,
      );
      expect(difference(wrong.data, expected.data).maxAbsolute).toBeGreaterThan(
        10 * FLOAT32_GOLDEN_TOLERANCE.maxAbsolute,
      );
    },
  );
});
