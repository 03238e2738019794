// Converted weights: how close they are, and what becomes of their files when something goes wrong.

import { spawn } from "node:child_process";
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  type EncoderDtype,
  type EncoderOutput,
  featureOf,
  isModelError,
  type Tensor,
} from "@internvit/model-core";
import {
  createVisionEncoder,
  isRuntimeError,
  openCheckpoint,
  type WeightsEvent,
} from "@internvit/runtime-node";
import { createRandom, fixturePath, goldenPath } from "@internvit/test-kit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const TINY = fixturePath("tiny-layernorm");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-sidecar-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The same seeded noise for every dtype. */
async function encode(
  checkpoint: string,
  options: {
    readonly dtype: EncoderDtype;
    readonly output?: EncoderOutput;
    readonly cache?: string;
  },
): Promise<{
  readonly feature: Tensor<"float32">;
  readonly events: readonly WeightsEvent[];
  readonly files: readonly string[];
}> {
  const { dtype, output = "last_hidden_state", cache = join(folder, "cache") } = options;
  const events: WeightsEvent[] = [];
  await using encoder = await createVisionEncoder(checkpoint, {
    dtype,
    threads: 1,
    outputs: [output],
    cacheDirectory: cache,
    onWeights: (event) => events.push(event),
  });
  const { height, width } = encoder.info.inputSize;
  const random = createRandom(5);
  const data = Uint8Array.from({ length: 2 * height * width * 3 }, () => random.below(256));
  const features = await encoder.encode({ dtype: "uint8", shape: [2, height, width, 3], data });
  const files = encoder.info.conversion?.files ?? [];
  return { feature: featureOf(features, output), events, files };
}

function dot(x: Float32Array, y: Float32Array): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
}

function lowestCosine(actual: Tensor<"float32">, expected: Tensor<"float32">): number {
  expect(actual.shape).toEqual(expected.shape);
  const width = actual.shape.at(-1) ?? 1;
  let lowest = 1;
  for (let start = 0; start < actual.data.length; start += width) {
    const [a, b] = [actual, expected].map(({ data }) => data.subarray(start, start + width));
    lowest = Math.min(lowest, dot(a!, b!) / Math.sqrt(dot(a!, a!) * dot(b!, b!)));
  }
  return lowest;
}

/** [n, hidden] of [n, tokens, hidden]. */
function classTokens({ dtype, shape, data }: Tensor<"float32">): Tensor<"float32"> {
  const [count = 0, tokens = 0, hidden = 0] = shape;
  const first = data.filter((_, i) => i % (tokens * hidden) < hidden);
  return { dtype, shape: [count, hidden], data: first };
}

async function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).catch(() => []);
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error,
  );
}

// A product of 8-bit numbers has an error of about 0.7 % (cosine 0.9999), one of 4-bit weights of about 10 % (0.995);
// two to four layers add theirs. float16 keeps 11 bits.
const LOWEST = { f16: 0.99999, q8: 0.998, "q8-dynamic": 0.998, q4: 0.93 } as const;

describe("the golden checkpoints", () => {
  test.each(["tiny-layernorm", "tiny-rmsnorm-qknorm", "tiny-float16"])(
    "%s is close to float32 in every dtype",
    async (name) => {
      const checkpoint = goldenPath(name);
      const { feature: expected } = await encode(checkpoint, { dtype: "f32" });
      for (const [dtype, lowest] of Object.entries(LOWEST)) {
        const { feature } = await encode(checkpoint, { dtype: dtype as EncoderDtype });
        expect(lowestCosine(feature, expected), dtype).toBeGreaterThan(lowest);
      }
    },
  );

  // Its last layer runs on the class token alone.
  test.each(["tiny-layernorm", "tiny-rmsnorm-qknorm", "tiny-float16"])(
    "%s gives the pooled output alone in every dtype",
    async (name) => {
      const checkpoint = goldenPath(name);
      const output = "pooler_output";
      const { feature: exact } = await encode(checkpoint, { dtype: "f32" });
      for (const [dtype, lowest] of Object.entries({ f32: 0.9999999, ...LOWEST })) {
        const options = { dtype: dtype as EncoderDtype };
        const { feature } = await encode(checkpoint, { ...options, output });
        const { feature: full } = await encode(checkpoint, options);
        expect(lowestCosine(feature, classTokens(exact)), dtype).toBeGreaterThan(lowest);
        expect(lowestCosine(feature, classTokens(full)), dtype).toBeGreaterThan(lowest);
      }
    },
  );

  test("tiny-chat's projector is converted, too", async () => {
    const checkpoint = goldenPath("tiny-chat");
    const output = "visual_tokens";
    const { feature: expected } = await encode(checkpoint, { dtype: "f32", output });
    for (const [dtype, lowest] of Object.entries(LOWEST)) {
      const { feature, files } = await encode(checkpoint, { dtype: dtype as EncoderDtype, output });
      expect(lowestCosine(feature, expected), dtype).toBeGreaterThan(lowest);
      expect(files).toHaveLength(2);
    }
  });
});

describe("converted weights", () => {
  test("are said in the encoder's info, with what stayed in float32", async () => {
    await using encoder = await createVisionEncoder(TINY, {
      dtype: "q8",
      cacheDirectory: join(folder, "cache"),
    });
    expect(encoder.info).toMatchObject({
      dtype: "q8",
      conversion: { float32: expect.arrayContaining(["softmax", "norms"]) },
    });
    expect(encoder.info.conversion?.maps[0]).toMatch(/^layer 0: 8 bit/);
    await using plain = await createVisionEncoder(TINY);
    expect(plain.info).toMatchObject({ dtype: "float32" });
    expect(plain.info.conversion).toBeUndefined();
  });

  test("are made once, and by the same bytes wherever the checkpoint lies", async () => {
    const first = await encode(TINY, { dtype: "q8" });
    expect(first.events.map((event) => event.kind === "progress" && event.stage)).toContain(
      "convert",
    );
    const copy = join(folder, "copy");
    await cp(TINY, copy, { recursive: true });
    const second = await encode(copy, { dtype: "q8" });
    expect(second.files).toEqual(first.files);
    expect(second.feature).toEqual(first.feature);
    const stages = second.events.map((event) => event.kind === "progress" && event.stage);
    expect(new Set(stages)).toEqual(new Set(["hash"]));
    expect((await encode(copy, { dtype: "q8" })).events).toEqual([]);
  });

  test("are others when the checkpoint's file changes", async () => {
    const copy = join(folder, "copy");
    await cp(TINY, copy, { recursive: true });
    const before = await encode(copy, { dtype: "q4" });
    const path = join(copy, "model.safetensors");
    const bytes = await readFile(path);
    bytes[bytes.length - 3]! ^= 0x10;
    await writeFile(path, bytes);
    // As if nobody had touched it.
    await utimes(path, new Date(0), new Date(0));
    const after = await encode(copy, { dtype: "q4" });
    expect(after.files).not.toEqual(before.files);
  });

  test("of a file of the Hugging Face cache need no hash", async () => {
    const sha256 = "0123456789abcdef".repeat(4);
    const blobs = join(folder, "models--a--b", "blobs");
    const snapshot = join(folder, "models--a--b", "snapshots", "c");
    await mkdir(blobs, { recursive: true });
    await mkdir(snapshot, { recursive: true });
    await cp(join(TINY, "model.safetensors"), join(blobs, sha256));
    await cp(join(TINY, "config.json"), join(snapshot, "config.json"));
    await symlink(join("..", "..", "blobs", sha256), join(snapshot, "model.safetensors"));
    const { events } = await encode(snapshot, { dtype: "q8" });
    const stages = new Set(events.map((event) => event.kind === "progress" && event.stage));
    expect(stages).toEqual(new Set(["measure", "convert"]));
  });

  test.each([
    ["cut", (file: string) => truncate(file, 5000)],
    ["longer", (file: string) => appendFile(file, "x")],
    ["gone", (file: string) => rm(file)],
    ["without description", (file: string) => rm(join(dirname(file), "weights.json"))],
    [
      "described by half a file",
      (file: string) => truncate(join(dirname(file), "weights.json"), 9),
    ],
  ])("that are %s are made again, and it is said", async (_, damage) => {
    const { files, feature } = await encode(TINY, { dtype: "q8-dynamic" });
    await damage(files[0]!);
    const again = await encode(TINY, { dtype: "q8-dynamic" });
    expect(again.events[0]).toMatchObject({ kind: "damaged", path: dirname(files[0]!) });
    expect(again.feature).toEqual(feature);
    expect((await encode(TINY, { dtype: "q8-dynamic" })).events).toEqual([]);
  });

  test("may be made by several at once", async () => {
    const all = await Promise.all([1, 2, 3].map(() => encode(TINY, { dtype: "q8" })));
    for (const { feature } of all) expect(feature).toEqual(all[0]!.feature);
    const weights = join(folder, "cache", "weights");
    expect(await readdir(weights)).toHaveLength(1);
  });

  test("that a process was killed over are not taken for good", async () => {
    const cache = join(folder, "cache");
    for (const stage of ["hash", "measure", "convert"]) {
      const code = await runScript(
        `onWeights: (event) => { if (event.stage === "${stage}") process.kill(process.pid, "SIGKILL"); }`,
        cache,
      );
      expect(code).toBeNull();
      const folders = await namesIn(join(cache, "weights"));
      expect(folders.filter((name) => !name.startsWith("."))).toEqual([]);
    }
    const { feature } = await encode(TINY, { dtype: "q8", cache });
    const elsewhere = await encode(TINY, { dtype: "q8", cache: join(folder, "other") });
    expect(feature).toEqual(elsewhere.feature);
  });

  test("leave nothing when the disk is full, and say so", async () => {
    const cache = join(folder, "cache");
    const output = join(folder, "said");
    await runScript("", cache, { output, limit: 64 });
    expect(await readFile(output, "utf8")).toMatch(/^no-space .*weights\.bin cannot be written/);
    expect(await namesIn(join(cache, "weights"))).toEqual([]);
  });

  test("end with the signal's reason, and nothing stays", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const error = await errorOf(
      createVisionEncoder(TINY, {
        dtype: "q8",
        cacheDirectory: join(folder, "cache"),
        signal: controller.signal,
        onWeights(event) {
          if (event.kind === "progress" && event.stage === "convert") controller.abort(reason);
        },
      }),
    );
    expect(error).toBe(reason);
    expect(await namesIn(join(folder, "cache", "weights"))).toEqual([]);
  });

  test("cannot be kept where a file is", async () => {
    const cache = join(folder, "file");
    await writeFile(cache, "");
    const error = await errorOf(createVisionEncoder(TINY, { dtype: "q8", cacheDirectory: cache }));
    expect(isRuntimeError(error) && error.code).toBe("io");
  });

  test("have a known dtype", async () => {
    const dtype = "int2" as EncoderDtype;
    const error = await errorOf(createVisionEncoder(await openCheckpoint(TINY), { dtype }));
    expect(isModelError(error) && error.code).toBe("invalid-argument");
    expect((error as Error).message).toMatch(/f32, f16, q8, q8-dynamic, q4.*int2/);
  });
});

/** Opens the checkpoint in a process of its own, whose files may have so many KiB; resolves to its exit code. */
function runScript(
  options: string,
  cache: string,
  { output = "", limit }: { readonly output?: string; readonly limit?: number } = {},
): Promise<number | null> {
  const script = `
    import { writeFileSync } from "node:fs";
    import { createVisionEncoder } from "@internvit/runtime-node";
    process.on("SIGXFSZ", () => {});
    await createVisionEncoder(${JSON.stringify(TINY)}, {
      dtype: "q8", cacheDirectory: ${JSON.stringify(cache)}, ${options}
    }).then((encoder) => encoder.dispose(), (error) =>
      writeFileSync(${JSON.stringify(output)}, error.code + " " + error.message));`;
  const shell = limit === undefined ? "" : `ulimit -f ${limit}; `;
  const child = spawn(
    "sh",
    ["-c", `${shell}exec "$0" "$@"`, process.execPath, "--input-type=module", "-e", script],
    { cwd: PACKAGE, stdio: ["ignore", "ignore", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code));
  });
}
