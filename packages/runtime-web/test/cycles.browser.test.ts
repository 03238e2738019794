// Sessions that come and go, and runs of one session, without growth. How many encoders is the variable INTERNVIT_CYCLES:
// few by default; docs/decisions/0024 has what 200 gave.

import { createGraphBuilder, type GraphModel } from "@internvit/model-core";
import { add } from "@internvit/model-core/onnx";
import {
  createVisionEncoder,
  createWebRuntime,
  type WebProvider,
  type WebVisionEncoder,
} from "@internvit/runtime-web";
import {
  difference,
  fetchGoldenTensors,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
} from "@internvit/test-kit/browser";
import { describe, expect, inject, test } from "vitest";

import { goldenBlobs } from "./open-golden.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** 0: the default of each test. */
    readonly cycles: number;
  }
}

// Weights in float16 are read from their Blob where they are.
const NAME = "tiny-float16";
const directory = await goldenBlobs(NAME);
const expected = await fetchGoldenTensors(NAME, "expected.safetensors");
const [KEY = ""] = [...expected.keys()].filter((key) => key.endsWith("pixel_values"));
const pixels = float32Golden(expected, KEY);
const golden = float32Golden(expected, KEY.replace("pixel_values", "last_hidden_state"));
const [, , height = 0, width = 0] = pixels.shape;

function open(executionProvider: WebProvider, threads = 0): Promise<WebVisionEncoder> {
  const outputs = ["last_hidden_state"] as const;
  return createVisionEncoder(directory, {
    executionProvider,
    threads,
    outputs,
    inputSize: { height, width },
  });
}

async function encode(encoder: WebVisionEncoder, tolerance: number): Promise<void> {
  const { lastHiddenState } = await encoder.encode({ dtype: "float32", ...pixels });
  const { maxAbsolute } = difference(lastHiddenState?.data ?? [], golden.data);
  expect(maxAbsolute).toBeLessThanOrEqual(tolerance);
}

async function cycle(provider: WebProvider, tolerance: number): Promise<void> {
  await using encoder = await open(provider);
  await encode(encoder, tolerance);
}

/** A graph of one kernel, which no adapter compiles for long. */
function smallModel(): GraphModel {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [1, 4]);
  graph.output("y", add(graph, x, x));
  return graph.finish("small");
}

async function smallCycle(executionProvider: WebProvider): Promise<void> {
  await using session = await createWebRuntime({ executionProvider }).load(smallModel());
  const x = { dtype: "float32", shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) } as const;
  expect((await session.run({ x }))["y"]?.data).toEqual(Float32Array.of(2, 4, 6, 8));
}

interface Measured {
  readonly bytes: number;
  readonly breakdown: readonly {
    readonly bytes: number;
    readonly attribution: readonly { readonly scope: string }[];
  }[];
}

/** What the browser measures after a collection. */
async function measure(): Promise<Measured> {
  const measuring = performance as unknown as {
    measureUserAgentSpecificMemory(): Promise<Measured>;
  };
  // A worker that is ending answers no measurement, which then waits for it for a minute.
  await new Promise((resolve) => setTimeout(resolve, WORKER_END_MILLISECONDS));
  return measuring.measureUserAgentSpecificMemory();
}

/** Bytes of this page and its workers. */
async function memory(): Promise<number> {
  return (await measure()).bytes;
}

/** Bytes of the workers alone: a page's, with all that a test is, come and go by megabytes. */
async function workerMemory(): Promise<number> {
  return (await measure()).breakdown
    .filter(({ attribution }) =>
      attribution.some(({ scope }) => scope === "DedicatedWorkerGlobalScope"),
    )
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

const WORKER_END_MILLISECONDS = 3000;

/** One session alone has 30 MB and more. */
const GROWTH = 10e6;
/** The results of 300 runs have 10 MB. */
const RUN_GROWTH = 1e6;

const CASES = [
  // On WebGPU each session compiles its kernels, for which SwiftShader takes seconds.
  { provider: "wasm", tolerance: FLOAT32_GOLDEN_TOLERANCE.maxAbsolute, cycles: 15, runs: 300 },
  { provider: "webgpu", tolerance: 1e-3, cycles: 2, runs: 100 },
] as const;

describe.each(CASES)("on $provider", ({ provider, tolerance, ...defaults }) => {
  const cycles = inject("cycles") || defaults.cycles;
  const runs = inject("cycles") * 5 || defaults.runs;

  test("encoders come and go without a trace, and each gives the golden numbers", async () => {
    await cycle(provider, tolerance);
    const before = await memory();
    for (let count = 0; count < cycles; count++) await cycle(provider, tolerance);
    const growth = (await memory()) - before;
    expect(growth, `bytes more than the ${before} after the first`).toBeLessThan(GROWTH);
  }, 3_600_000);

  test("200 sessions come and go without a trace", async () => {
    await smallCycle(provider);
    const before = await memory();
    for (let count = 0; count < 200; count++) await smallCycle(provider);
    const growth = (await memory()) - before;
    expect(growth, `bytes more than the ${before} after the first`).toBeLessThan(GROWTH);
  }, 600_000);

  test("run after run takes no more memory, and the numbers stay", async () => {
    // A thread that waits for work answers no measurement.
    await using encoder = await open(provider, 1);
    for (let count = 0; count < 10; count++) await encode(encoder, tolerance);
    const before = await workerMemory();
    expect(before).toBeGreaterThan(RUN_GROWTH);
    for (let count = 0; count < runs; count++) await encode(encoder, tolerance);
    const growth = (await workerMemory()) - before;
    expect(growth, `bytes more than the ${before} after ten runs`).toBeLessThan(RUN_GROWTH);
  }, 3_600_000);
});
