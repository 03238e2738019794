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

import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { clipCrop, packPixels, parseImageProcessorConfig } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createVisionEncoder } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { exported, ours, pixelsOf, PRESET, SIDE, synthesize } from "./encoder-peers.mjs";
import { environment, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { takeTurns } from "./take-turns.mjs";

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

synthesize(options.model);
synthesize(options.outliers, ["--outliers"]);
await mkdir(options.work, { recursive: true });

/**
 * @param {import("@internvit/model-core").EncoderDtype} dtype
 * @returns {import("@internvit/runtime-node").VisionEncoderOptions}
 */
function settingsOf(dtype) {
  return { dtype, threads, cacheDirectory, outputs: ["last_hidden_state"] };
}

/** @type {Record<string, string>} */
const versions = { "onnxruntime-node": ort.env.versions.node ?? "?" };

async function measureTimes() {
  const batches = options.batches.split(",").map(Number);
  const python = await startPeer(options.python, [
    fileURLToPath(new URL("./precision-torch.py", import.meta.url)),
    options.model,
    options.work,
    options.threads,
  ]);
  Object.assign(versions, python.versions);
  /** @type {import("./take-turns.mjs").Peer[]} */
  const peers = [];
  for (const dtype of /** @type {const} */ (["bfloat16", "float32"])) {
    peers.push({
      name: `PyTorch ${dtype} (sdpa)`,
      run: async (batch) =>
        (await python.ask({ batch, dtype, input: join(options.work, `input-${batch}.f32`) })).ms,
      close: () => (dtype === "bfloat16" ? python.close() : undefined),
    });
  }
  for (const batch of batches) {
    await writeFile(join(options.work, `input-${batch}.f32`), pixelsOf(batch));
  }
  for (const dtype of /** @type {const} */ (["f32", ...DTYPES])) {
    peers.push(await ours(`internvit ${dtype}`, options.model, settingsOf(dtype)));
  }
  const int8 = join(options.work, "torch-sdpa-int8.onnx");
  const name = "ONNX Runtime, quantize_dynamic of torch.onnx (sdpa)";
  peers.push(await exported(name, int8, { threads }));
  const matching = new RegExp(options.peers);
  for (const peer of peers.filter(({ name }) => !matching.test(name))) await peer.close();
  const asked = peers.filter(({ name }) => matching.test(name));
  return takeTurns(asked, { batches, rounds });
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
  const encoder = await createVisionEncoder(model, settingsOf(dtype));
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
if (wanted("times")) {
  const measured = await measureTimes();
  console.table(measured);
  times.push(...measured);
}
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
