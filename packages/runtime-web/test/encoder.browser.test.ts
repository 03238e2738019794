import {
  capabilities,
  createVisionEncoder,
  isRuntimeError,
  type VisionEncoderOptions,
} from "@internvit/runtime-web";
import { difference } from "@internvit/test-kit/browser";
import { describe, expect, test } from "vitest";

import { goldenBlobs, pictures } from "./open-golden.ts";

const directory = await goldenBlobs("tiny-layernorm");
const outputs = ["pooler_output"] as const;

function open(options: VisionEncoderOptions): ReturnType<typeof createVisionEncoder> {
  return createVisionEncoder(directory, { outputs, ...options });
}

async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}

/** Hears of the sessions that workers load: nothing but their messages tells when a replay begins. */
function watchSessions(): {
  onLoaded(count: number, act: () => void): void;
  stop(): void;
} {
  const Original = globalThis.Worker;
  let loaded = 0;
  let wanted: { readonly count: number; readonly act: () => void } | undefined;
  globalThis.Worker = class extends Original {
    constructor(...parts: ConstructorParameters<typeof Original>) {
      super(...parts);
      this.addEventListener("message", ({ data }: MessageEvent<{ readonly kind: string }>) => {
        if (data.kind === "loaded" && ++loaded === wanted?.count) setTimeout(wanted.act);
      });
    }
  };
  return {
    onLoaded(count, act) {
      wanted = { count, act };
    },
    stop() {
      globalThis.Worker = Original;
    },
  };
}

describe("the choice of the provider", () => {
  test("auto passes over a software adapter, and says so", async () => {
    await using encoder = await open({});
    expect(encoder.info.executionProvider).toBe("wasm");
    expect(encoder.info.passedOver).toEqual([
      { provider: "webgpu", reason: expect.stringContaining("computes on the CPU, not a GPU") },
    ]);
  });

  test("a named one is used, and both give the same numbers", async () => {
    await using gpu = await open({ executionProvider: "webgpu" });
    await using cpu = await open({ executionProvider: "wasm", batchSize: 3 });
    expect(gpu.info).toMatchObject({
      executionProvider: "webgpu",
      device: expect.stringContaining("swiftshader"),
      notes: [expect.stringContaining("computes on the CPU")],
      dtype: "float32",
      checkpoint: "tiny-layernorm",
    });
    const expected = (await cpu.encode(pictures(3))).poolerOutput;
    const computed = (await gpu.encode(pictures(3))).poolerOutput;
    expect(computed?.shape).toEqual(expected?.shape);
    expect(gpu.info.placement).toMatchObject({ WebGpuExecutionProvider: expect.any(Number) });
    expect(cpu.info.placement).toBeUndefined();
    const { maxAbsolute } = difference(computed?.data ?? [], expected?.data ?? []);
    expect(maxAbsolute).toBeLessThanOrEqual(1e-4);
  });

  test("capabilities say what there is, and why something is not", async () => {
    const { webgpu, wasm, crossOriginIsolated } = await capabilities();
    expect(crossOriginIsolated).toBe(true);
    expect(webgpu.available).toBe(true);
    expect(webgpu.adapter).toMatchObject({ software: true, shaderF16: false });
    expect(webgpu.notes.join()).toMatch(/computes on the CPU.*no shader-f16/);
    expect(wasm.threads).toBeGreaterThanOrEqual(1);
  });
});

describe("number formats", () => {
  test("the default is f32 where nothing computes in 16 bit", async () => {
    await using encoder = await open({ executionProvider: "wasm" });
    expect(encoder.info.dtype).toBe("float32");
  });

  test("f16 is refused where shaders have none, with the reason", async () => {
    const error = await errorOf(open({ executionProvider: "webgpu", dtype: "f16" }));
    expect(isRuntimeError(error) && error.code).toBe("unsupported");
    expect(error.message).toMatch(/shader-f16, which .*swiftshader does not have/);
    const onWasm = await errorOf(open({ executionProvider: "wasm", dtype: "f16" }));
    expect(onWasm.message).toMatch(/f16 is for webgpu/);
  });

  // On WebGPU q8 and q4 were seen to pass (q8: cosine 0.99994 over all tokens); SwiftShader compiles for up to 40 seconds.
  test("8 and 4 bits are near to f32", async () => {
    await using exact = await open({ executionProvider: "wasm" });
    const expected = (await exact.encode(pictures(1))).poolerOutput?.data ?? [];
    for (const [dtype, form, limit] of [
      ["q8", "layer 0: 8 bit, a scale per 64 weights,layers 1 to 3: int8", 0.05],
      ["q8-dynamic", "layers 0 to 3: int8", 0.05],
      ["q4", "4 bit", 0.3],
    ] as const) {
      await using small = await open({ executionProvider: "wasm", dtype });
      expect(small.info.dtype).toBe(dtype);
      expect(small.info.conversion?.maps.join()).toContain(form);
      const computed = (await small.encode(pictures(1))).poolerOutput?.data ?? [];
      expect(difference(computed, expected).relativeL2, dtype).toBeLessThan(limit);
    }
  });

  test("q8-dynamic is refused on webgpu, which has no operators for it", async () => {
    const error = await errorOf(open({ executionProvider: "webgpu", dtype: "q8-dynamic" }));
    expect(isRuntimeError(error) && error.code).toBe("unsupported");
    expect(error.message).toMatch(/q8-dynamic is for wasm/);
  });
});

describe("a device that is lost", () => {
  test("is replaced, before a run and during one, and the run gives the same numbers", async () => {
    const losses: string[] = [];
    await using encoder = await open({
      executionProvider: "webgpu",
      onDeviceLost: (reason) => losses.push(reason),
    });
    const expected = await encoder.encode(pictures(1));
    await encoder.loseDevice();
    expect(await encoder.encode(pictures(1))).toEqual(expected);
    expect(losses).toHaveLength(1);
    const running = encoder.encode(pictures(1));
    await encoder.loseDevice();
    expect(await running).toEqual(expected);
    expect(await encoder.encode(pictures(1))).toEqual(expected);
  });

  test("and lost again when the run is repeated is an error, and the encoder goes on", async () => {
    const sessions = watchSessions();
    try {
      await using encoder = await open({ executionProvider: "webgpu" });
      const expected = await encoder.encode(pictures(1));
      await encoder.loseDevice();
      // The replay begins when the second session is there.
      sessions.onLoaded(2, () => void encoder.loseDevice());
      const error = await errorOf(encoder.encode(pictures(1)));
      expect(isRuntimeError(error) && error.code).toBe("device-lost");
      expect(error.message).toContain("and again when the run was repeated");
      expect(await encoder.encode(pictures(1))).toEqual(expected);
    } finally {
      sessions.stop();
    }
  });
});

describe("the end of it", () => {
  test("a session ends with the block that uses it", async () => {
    const encoders: Awaited<ReturnType<typeof open>>[] = [];
    {
      await using encoder = await open({ executionProvider: "wasm" });
      await encoder.encode(pictures(1));
      encoders.push(encoder);
    }
    const [ended] = encoders;
    const error = await errorOf(ended?.encode(pictures(1)) ?? Promise.resolve());
    expect(isRuntimeError(error) && error.code).toBe("disposed");
  });

  test("a signal stops the loading and a run, and the encoder goes on", async () => {
    const reason = new Error("stop");
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const loading = new AbortController();
    const opening = open({ executionProvider: "wasm", signal: loading.signal });
    setTimeout(() => loading.abort(reason), 100);
    await expect(opening).rejects.toBe(reason);
    await using encoder = await open({ executionProvider: "wasm" });
    const controller = new AbortController();
    const running = encoder.encode(pictures(4), { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect((await encoder.encode(pictures(1))).poolerOutput?.shape[0]).toBe(1);
  });

  test("after dispose encode rejects, and the pixels stay the caller's", async () => {
    const encoder = await open({ executionProvider: "wasm" });
    const pixels = pictures(1);
    await encoder.encode(pixels);
    expect(pixels.data.length).toBe(112 * 112 * 3);
    await encoder.dispose();
    await encoder.dispose();
    const error = await errorOf(encoder.encode(pixels));
    expect(isRuntimeError(error) && error.code).toBe("disposed");
  });
});
