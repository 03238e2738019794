// @ts-check
// The 300M encoder at 448 px on the CPU in every dtype: time against PyTorch in bfloat16 and float32 and ONNX Runtime's
// own dynamic int8 of the torch.onnx export, in one run, taking turns; then how close each dtype is to float32 on
// photographs, with random weights and with such that have outlier channels.
//
//   node benchmarks/src/precision.mjs --python <python with torch, transformers, onnx, onnxruntime>
//     [--model <folder>] [--outliers <folder>] [--work <folder>] [--photos <folder>] [--rounds 5] [--threads 0] [--batches 1,8]
//     [--peers <regular expression of names; the first is always PyTorch bfloat16>]
//     [--part times|random|outliers]
//
// Needs the packages built. Without --model and --outliers the 300M preset is synthesized into .cache. Writes
// benchmarks/results/precision.json; --part renews one part of it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { clipCrop, packPixels, parseImageProcessorConfig } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createVisionEncoder } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { startPython } from "./python-peer.mjs";

const PRESET = "InternViT-300M-448px-V2_5";
const SIDE = 448;
/** @type {readonly import("@internvit/model-core").EncoderDtype[]} */
const DTYPES = ["q8", "q8-dynamic", "q4", "f16"];
/** Photographs for the dtypes that promise nothing about the worst token; they are slower, too. */
const FEW_PHOTOS = 6;
const WEIGHTS = { random: "random", outliers: "random with outlier channels" };

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: join(ROOT, ".cache", PRESET) },
    outliers: { type: "string", default: join(ROOT, ".cache", `${PRESET}-outliers`) },
    photos: { type: "string", default: join(ROOT, "../shared/data/photos") },
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    work: { type: "string", default: join(ROOT, ".cache/precision") },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "0" },
    batches: { type: "string", default: "1,8" },
    peers: { type: "string", default: "" },
    part: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const threads = Number(options.threads);
const cacheDirectory = join(options.work, "weights");

/** @param {string} folder @param {readonly string[]} extra */
function synthesize(folder, extra) {
  if (existsSync(join(folder, "config.json"))) return;
  const cli = join(ROOT, "packages/cli/bin/internvit.js");
  const made = spawnSync(
    process.execPath,
    [cli, "synthesize", PRESET, "--output", folder, ...extra],
    {
      stdio: "inherit",
    },
  );
  if (made.status !== 0) process.exit(1);
}
synthesize(options.model, []);
synthesize(options.outliers, ["--outliers"]);
await mkdir(options.work, { recursive: true });

/** @param {string} model @param {import("@internvit/model-core").EncoderDtype} dtype @param {number} batchSize */
function open(model, dtype, batchSize) {
  return createVisionEncoder(model, {
    dtype,
    threads,
    batchSize,
    cacheDirectory,
    outputs: ["last_hidden_state"],
  });
}

/** @param {number} batch */
function pixelsOf(batch) {
  const data = new Float32Array(batch * 3 * SIDE * SIDE);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 2 ** 32) * 4 - 2;
  }
  return data;
}

/** @type {Record<string, string>} */
const versions = { "onnxruntime-node": ort.env.versions.node ?? "?" };

async function measureTimes() {
  const batches = options.batches.split(",").map(Number);
  const pixels = new Map(batches.map((batch) => [batch, pixelsOf(batch)]));
  const python = await startPython(options.python, [
    fileURLToPath(new URL("./precision-torch.py", import.meta.url)),
    options.model,
    options.work,
    options.threads,
  ]);
  Object.assign(versions, python.versions);
  /** @type {{ name: string, run: (batch: number) => Promise<number>, close: () => unknown }[]} */
  const peers = [];
  for (const dtype of /** @type {const} */ (["bfloat16", "float32"])) {
    peers.push({
      name: `PyTorch ${dtype} (sdpa)`,
      run: async (batch) =>
        (await python.ask({ batch, dtype, input: join(options.work, `input-${batch}.f32`) })).ms,
      close: () => (dtype === "bfloat16" ? python.close() : undefined),
    });
  }
  for (const [batch, data] of pixels)
    await writeFile(join(options.work, `input-${batch}.f32`), data);
  for (const dtype of /** @type {const} */ (["f32", ...DTYPES])) {
    // Runs of one picture, as by default: larger runs are slower on a CPU.
    const encoder = await open(options.model, dtype, 1);
    peers.push({
      name: `internvit ${dtype}`,
      async run(batch) {
        const data = /** @type {Float32Array<ArrayBuffer>} */ (pixels.get(batch));
        const begin = performance.now();
        await encoder.encode({ dtype: "float32", shape: [batch, 3, SIDE, SIDE], data });
        return performance.now() - begin;
      },
      close: () => encoder.dispose(),
    });
  }
  const session = await ort.InferenceSession.create(join(options.work, "torch-sdpa-int8.onnx"), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  peers.push({
    name: "ONNX Runtime, quantize_dynamic of torch.onnx (sdpa)",
    async run(batch) {
      const data = /** @type {Float32Array<ArrayBuffer>} */ (pixels.get(batch));
      const feeds = { pixel_values: new ort.Tensor("float32", data, [batch, 3, SIDE, SIDE]) };
      const begin = performance.now();
      await session.run(feeds);
      return performance.now() - begin;
    },
    close: () => session.release(),
  });
  const matching = new RegExp(options.peers);
  for (const peer of peers.filter(({ name }) => !matching.test(name))) await peer.close();
  const asked = peers.filter(({ name }) => matching.test(name));
  const rows = [];
  for (const batch of batches) {
    /** @type {number[][]} */
    const times = asked.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      const order = [...asked.keys()];
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
      }
      for (const i of order) {
        const seconds = ((await asked[i]?.run(batch)) ?? Number.NaN) / 1e3 / batch;
        if (round > 0) times[i]?.push(seconds);
      }
    }
    const [bfloat16 = []] = times;
    for (const [i, peer] of asked.entries()) {
      const own = times[i] ?? [];
      const row = {
        batch,
        who: peer.name,
        secondsPerImage: Number(median(own).toFixed(3)),
        fastest: Number(Math.min(...own).toFixed(3)),
        ratioToBfloat16: Number(
          median(own.map((t, round) => t / (bfloat16[round] ?? 1))).toFixed(3),
        ),
        ratioOfFastest: Number((Math.min(...own) / Math.min(...bfloat16)).toFixed(3)),
      };
      console.log(JSON.stringify(row));
      rows.push(row);
    }
  }
  for (const peer of asked) await peer.close();
  return rows;
}

/** @param {keyof typeof WEIGHTS} kind */
async function measureCosines(kind) {
  const model = kind === "random" ? options.model : options.outliers;
  const names = (await readdir(options.photos)).filter((name) => /\.jpe?g$/i.test(name)).sort();
  const processor = parseImageProcessorConfig(
    JSON.parse(await readFile(join(options.model, "preprocessor_config.json"), "utf8")),
  );
  const pictures = [];
  for (const name of names) {
    const { image } = await decodeImage(join(options.photos, name));
    pictures.push(packPixels([clipCrop(image, processor)]));
  }
  const expected = await encodeAll(model, "f32", pictures);
  const rows = [];
  for (const dtype of DTYPES) {
    const few = dtype === "q4" || dtype === "f16";
    const encoded = await encodeAll(model, dtype, few ? pictures.slice(0, FEW_PHOTOS) : pictures);
    const cosines = encoded.hidden.flatMap((hidden, index) =>
      cosinesOf(hidden, expected.hidden[index] ?? hidden, encoded.width),
    );
    const [file = ""] = encoded.info.conversion?.files ?? [];
    const row = {
      weights: WEIGHTS[kind],
      dtype,
      photos: encoded.hidden.length,
      minimumCosine: Number(cosines.reduce((a, b) => Math.min(a, b)).toFixed(6)),
      meanCosine: Number((cosines.reduce((a, b) => a + b) / cosines.length).toFixed(6)),
      megabytes: Number(((await stat(file)).size / 1e6).toFixed(1)),
      maps: encoded.info.conversion?.maps,
    };
    console.log(JSON.stringify(row));
    rows.push(row);
  }
  return rows;
}

/**
 * @param {string} model
 * @param {import("@internvit/model-core").EncoderDtype} dtype
 * @param {readonly import("@internvit/model-core").Tensor<"uint8">[]} pictures
 */
async function encodeAll(model, dtype, pictures) {
  const encoder = await open(model, dtype, 1);
  const hidden = [];
  for (const picture of pictures) {
    hidden.push((await encoder.encode(picture)).lastHiddenState?.data ?? new Float32Array());
  }
  await encoder.dispose();
  return { hidden, info: encoder.info, width: encoder.config.hiddenSize };
}

/** Of each token. @param {Float32Array} a @param {Float32Array} b @param {number} width */
function cosinesOf(a, b, width) {
  const cosines = [];
  for (let start = 0; start < a.length; start += width) {
    cosines.push(cosineOf(a.subarray(start, start + width), b.subarray(start, start + width)));
  }
  return cosines;
}

/** @param {Float32Array} a @param {Float32Array} b */
function cosineOf(a, b) {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

const known = await readFile(join(ROOT, "benchmarks/results/precision.json"), "utf8")
  .then((text) => JSON.parse(text))
  .catch(() => ({}));
/** @param {string} part */
const wanted = (part) => options.part === "" || options.part === part;
/** @type {{ batch: number }[]} */
const times = (known.times ?? []).filter(
  (/** @type {{ batch: number }} */ row) =>
    !wanted("times") || !options.batches.split(",").includes(String(row.batch)),
);
if (wanted("times")) times.push(...(await measureTimes()));
times.sort((a, b) => a.batch - b.batch);
/** @type {{ weights: string }[]} */
const cosines = [];
for (const kind of /** @type {const} */ (["random", "outliers"])) {
  const old = (known.cosines ?? []).filter(
    (/** @type {{ weights: string }} */ row) => row.weights === WEIGHTS[kind],
  );
  cosines.push(...(wanted(kind) ? await measureCosines(kind) : old));
}
await writeResult("precision", {
  environment: environment({ ...known.environment?.versions, ...versions }),
  workload: { preset: PRESET, side: SIDE, rounds, threads },
  times,
  cosines,
});
