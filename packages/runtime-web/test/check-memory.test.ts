import {
  buildEncoderGraph,
  type CheckpointDirectory,
  type EncoderConfig,
  getPreset,
  type GraphModel,
  readCheckpoint,
  resolveEncoderWeights,
} from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import { describe, expect, test } from "vitest";

import { isAppleMobile } from "../src/apple-mobile.ts";
import { checkMemory, memoryLimit, type MemoryThere } from "../src/check-memory.ts";
import { memoryNeed, type MemoryQuestion } from "../src/memory-need.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const DESKTOP: MemoryThere = { adapter: undefined, deviceMemory: 8, appleMobile: false };

/** A checkpoint's table of tensors without its tensors. */
function headerOnly(config: EncoderConfig): CheckpointDirectory {
  const { files } = synthesizeCheckpoint(config, { seed: 1, dtype: "float32" });
  return {
    label: "header only",
    async open(name) {
      const file = files.find((candidate) => candidate.name === name);
      if (file === undefined) return undefined;
      const [head = new Uint8Array()] = file.chunks;
      return {
        byteLength: file.byteLength,
        async read(start, end) {
          expect(end).toBeLessThanOrEqual(head.length);
          return head.slice(start, end);
        },
      };
    },
  };
}

async function graphOf(config: EncoderConfig): Promise<GraphModel> {
  const checkpoint = await readCheckpoint(headerOnly(config));
  return buildEncoderGraph({ config, weights: resolveEncoderWeights(checkpoint) }, {});
}

function questionOf(config: EncoderConfig, batchSize = 1): MemoryQuestion & { dtype: "f32" } {
  const { imageSize: side } = config;
  const inputSize = { height: side, width: side };
  return { config, inputSize, batchSize, fusions: ["attention"], dtype: "f32" };
}

const SMALL: EncoderConfig = {
  ...getPreset("InternViT-300M-448px-V2_5").config,
  hiddenSize: 384,
  numHiddenLayers: 12,
  numAttentionHeads: 6,
  intermediateSize: 1536,
};
const MIDDLE: EncoderConfig = {
  ...SMALL,
  hiddenSize: 768,
  numAttentionHeads: 12,
  intermediateSize: 3072,
};
const LARGE = getPreset("InternViT-300M-448px-V2_5").config;
const HUGE = getPreset("InternViT-6B-448px-V2_5").config;

describe("the estimate", () => {
  // What WebAssembly's memory grew to in Chromium, in MiB, with two threads.
  const MEASURED = [
    { name: "12 layers of 384", config: SMALL, measured: { 1: 172, 2: 207, 4: 337 } },
    { name: "12 layers of 768", config: MIDDLE, measured: { 1: 592, 2: 701, 4: 841 } },
  ];
  test.each(MEASURED)("is near to what was measured: $name", async ({ config, measured }) => {
    const model = await graphOf(config);
    for (const [batchSize, mebibytes] of Object.entries(measured)) {
      const { total } = memoryNeed(model, questionOf(config, Number(batchSize)));
      expect(total / (mebibytes * MIB)).toBeGreaterThan(0.85);
      expect(total / (mebibytes * MIB)).toBeLessThan(1.25);
    }
  });
});

describe("a model that does not fit", () => {
  test("is refused with need, limit and what would fit", async () => {
    const model = await graphOf(HUGE);
    const call = (): void => checkMemory(model, { ...questionOf(HUGE), there: DESKTOP });
    expect(call).toThrow(
      /needs about 3\d\.\d GiB \(20\.\d GiB of weights.*WebAssembly has at most 4\.0 GiB; no other/,
    );
  });

  test("has a smaller batch or another dtype named", async () => {
    const model = await graphOf(LARGE);
    const there = DESKTOP;
    checkMemory(model, { ...questionOf(LARGE, 4), there });
    const call = (): void => checkMemory(model, { ...questionOf(LARGE, 32), there });
    expect(call).toThrow(/for 32 pictures at a time.*would fit: batchSize 1\d/);
    const phone = { ...there, deviceMemory: 2 };
    const onPhone = (): void => checkMemory(model, { ...questionOf(LARGE), there: phone });
    expect(onPhone).toThrow(/this device has at most 2\.0 GiB; would fit: dtype "q8", dtype "q4"/);
  });

  test("is refused on a GPU when a tensor is larger than its buffers", async () => {
    const model = await graphOf(SMALL);
    const adapter = {
      name: "a GPU",
      software: false,
      shaderF16: true,
      maxBufferBytes: 256 * MIB,
      maxBindingBytes: 128 * MIB,
    };
    const there = { ...DESKTOP, adapter };
    checkMemory(model, { ...questionOf(SMALL, 16), there });
    const batch = (): void => checkMemory(model, { ...questionOf(SMALL, 32), there });
    expect(batch).toThrow(
      /largest result of 32 pictures.*buffer of a GPU.*would fit: batchSize 21/,
    );
    const tiny = { ...there, adapter: { ...adapter, maxBindingBytes: MIB } };
    const weights = (): void => checkMemory(model, { ...questionOf(SMALL), there: tiny });
    expect(weights).toThrow(
      /largest tensor of weights.*1 MiB; would fit: executionProvider "wasm"/,
    );
  });
});

test("the limit is WebAssembly's, the device's where it is smaller, or that of a tab on iOS", () => {
  expect(memoryLimit(DESKTOP)).toEqual({ bytes: 4 * GIB, what: "WebAssembly" });
  expect(memoryLimit({ ...DESKTOP, deviceMemory: 2 })?.bytes).toBe(2 * GIB);
  expect(memoryLimit({ ...DESKTOP, deviceMemory: undefined })?.bytes).toBe(4 * GIB);
  expect(memoryLimit({ ...DESKTOP, appleMobile: true })?.what).toBe("a tab on iOS");
});

test("iPhones and iPads are told from Macs", () => {
  const mac =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";
  const phone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1";
  expect(isAppleMobile({ userAgent: mac, maxTouchPoints: 0 })).toBe(false);
  expect(isAppleMobile({ userAgent: mac, maxTouchPoints: 5 })).toBe(true);
  expect(isAppleMobile({ userAgent: phone, maxTouchPoints: 5 })).toBe(true);
});
