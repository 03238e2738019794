import {
  createVisionEncoder,
  EXECUTION_PROVIDERS,
  needsAlignedWeights,
  selectExecutionProvider,
} from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("a named provider that cannot be used is an error with a reason and never another provider", async () => {
  const foreign = process.platform === "darwin" ? "directml" : "coreml";
  const opening = createVisionEncoder(goldenPath("tiny-layernorm"), { executionProvider: foreign });
  await expect(opening).rejects.toMatchObject({ name: "RuntimeError", code: "unsupported" });
  await expect(opening).rejects.toThrow(
    new RegExp(`${foreign} cannot be used: .*not built with ${foreign} for ${process.platform}/`),
  );
});

test("auto opens an encoder wherever it is, and says why it did not take those before", async () => {
  await using encoder = await createVisionEncoder(goldenPath("tiny-layernorm"), {
    executionProvider: "auto",
  });
  const { executionProvider, passedOver = [], device } = encoder.info;
  expect(EXECUTION_PROVIDERS).toContain(executionProvider);
  expect(device).not.toBe("");
  for (const { provider, reason } of passedOver) {
    expect(provider).not.toBe(executionProvider);
    expect(reason).not.toBe("");
  }
});

test("the CPU needs no trial", async () => {
  expect(await selectExecutionProvider("cpu")).toMatchObject({
    provider: "cpu",
    fusedAttention: true,
    notes: [],
    passedOver: [],
  });
});

test("a selection ends with the signal's reason", async () => {
  const reason = new Error("enough");
  await expect(selectExecutionProvider("auto", { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 5);
  await expect(selectExecutionProvider("auto", { signal: controller.signal })).rejects.toBe(reason);
});

test("providers with memory of their own want aligned weights", () => {
  expect(EXECUTION_PROVIDERS.filter(needsAlignedWeights)).toEqual(["cuda", "tensorrt", "webgpu"]);
});
