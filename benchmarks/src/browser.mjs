// @ts-check
// A small InternViT (12 layers, 384 wide, 448 px, float32) in Chromium: this project, and transformers.js on an ONNX
// export of the same weights as a ViT, in one browser, taking turns: the time from the start of a page to its first
// embedding when everything is stored already, pictures after it, preprocessing alone, and long tasks of the page's
// thread.
//
//   node benchmarks/src/browser.mjs --python <python with torch, transformers, onnxscript>
//     --peers <folder whose node_modules has @huggingface/transformers> [--providers wasm,webgpu] [--threads 2]
//     [--rounds 15] [--loads 7] [--slow 2] [--adapter swiftshader] [--parts load,encode,preprocess] [--keep] [--work <folder>]
//
// --adapter "" leaves the choice to the browser, for a machine with a GPU; --slow is the number of turns on a software
// adapter; --keep keeps what an earlier run measured of what this one does not. Needs the packages built and Chromium.
// Writes benchmarks/results/browser.json and the tables in benchmarks/README.md.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { IMAGENET_NORMALIZATION, squareResize, toPixelValues } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";

import { ask, startBrowser } from "./browser-pages.mjs";
import { serveOurs, servePeer } from "./browser-server.mjs";
import { writeTables } from "./browser-table.mjs";
import { longest, turnsOf } from "./browser-turns.mjs";
import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { smallEncoder } from "./small-encoder.mjs";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    peers: { type: "string", default: process.env["INTERNVIT_PEERS"] ?? "" },
    work: { type: "string", default: join(ROOT, ".cache/browser-benchmark") },
    providers: { type: "string", default: "wasm,webgpu" },
    threads: { type: "string", default: String(Math.ceil(availableParallelism() / 2)) },
    rounds: { type: "string", default: "15" },
    loads: { type: "string", default: "7" },
    slow: { type: "string", default: "2" },
    adapter: { type: "string", default: "swiftshader" },
    parts: { type: "string", default: "load,encode,preprocess" },
    keep: { type: "boolean", default: false },
  },
});
const parts = new Set(options.parts.split(","));
/** A picture takes a minute or two on a software adapter. @param {string} provider */
const isSlow = (provider) => provider === "webgpu" && options.adapter !== "";
/** @param {string} provider */
const roundsOf = (provider) => (isSlow(provider) ? Number(options.slow) : Number(options.rounds));
/** @param {string} provider */
const loadsOf = (provider) => (isSlow(provider) ? Number(options.slow) : Number(options.loads));

const SIDE = 448;
const CONFIG = smallEncoder(SIDE);
/** First the one that encoding and the first embedding use. */
const PICTURES = ["photo-420.jpg", "photo-444.jpg", "large.jpg"];
const pictureFolder = join(ROOT, "fixtures/images");

/** Largest difference of features, relative to the largest value. */
const AGREEMENT = 1e-4;
const WARM_UPS = 3;
/** Browsers store the code that they compiled some seconds after it was compiled. */
const STORES_CODE_AFTER_MS = 4000;

/** @param {string} program @param {string[]} parameters */
function runTool(program, parameters) {
  const { status, stdout } = spawnSync(program, parameters, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")} ended with code ${status}`);
  return stdout;
}

const checkpoint = join(options.work, "checkpoint");
if (!existsSync(join(checkpoint, "config.json"))) {
  mkdirSync(options.work, { recursive: true });
  const config = join(options.work, "config.json");
  writeFileSync(config, JSON.stringify(CONFIG));
  const cli = join(ROOT, "packages/cli/bin/internvit.js");
  const seeded = ["--seed", "0", "--dtype", "f32", "--output", checkpoint];
  runTool(process.execPath, [cli, "synthesize", config, ...seeded]);
}

/** @typedef {import("playwright").Page} Page */
/** @typedef {import("./browser-pages.mjs").Side} Side */

/** @type {string[]} */
const absent = [];
/** @type {Record<string, string>} */
const versions = {};
const own = { isPeer: false, ...(await serveOurs({ checkpoint, pictures: pictureFolder })) };
/** @type {Side[]} */
const sides = [
  { ...own, name: "internvit, class token", outputs: "pooler_output" },
  { ...own, name: "internvit, all tokens", outputs: "last_hidden_state" },
];
if (options.python === "" || options.peers === "") {
  absent.push("transformers.js: it needs --peers and, for the export, --python");
} else {
  const model = join(options.work, "vit");
  const script = fileURLToPath(new URL("browser-torch.py", import.meta.url));
  const said = runTool(options.python, [script, checkpoint, model]);
  Object.assign(versions, JSON.parse(said.trim().split("\n").at(-1) ?? "{}"));
  const server = await servePeer({ peers: options.peers, model, pictures: pictureFolder });
  sides.push({ name: "transformers.js", isPeer: true, outputs: "", ...server });
}

const browser = await startBrowser({ adapter: options.adapter, threads: Number(options.threads) });
const { open, computed, peakMemory } = browser;
versions["chromium"] = browser.version;
const takeTurns = turnsOf(computed);

/** On a software adapter each side costs many minutes: what the goals name, an embedding on both. @param {string} provider */
const sidesOf = (provider) =>
  sides.filter(({ isPeer, name }) => !isSlow(provider) || isPeer || name === sides[0]?.name);

/** From the start of a page to its first embedding. @param {string} provider */
async function measureLoad(provider) {
  const sides = sidesOf(provider);
  // An earlier visit: it stores the files, and the code that was compiled for a few pictures.
  for (const side of sides) {
    const page = await open(side, provider);
    if (!isSlow(provider)) for (let i = 0; i < WARM_UPS; i++) await ask(page, "encode");
    await page.waitForTimeout(STORES_CODE_AFTER_MS);
    await page.close();
  }
  /** @type {Record<string, unknown[]>} */
  const tasks = Object.fromEntries(sides.map(({ name }) => [name, []]));
  /** @type {Record<string, Record<string, number>[]>} */
  const stages = Object.fromEntries(sides.map(({ name }) => [name, []]));
  const measure = async (/** @type {number} */ index) => {
    const side = /** @type {Side} */ (sides[index]);
    const page = await open(side, provider);
    const load = await ask(page, "load");
    tasks[side.name]?.push(...(await ask(page, "longTasks", 0)));
    stages[side.name]?.push(load);
    await page.close();
    return load.embedded;
  };
  const rows = await takeTurns(sides, { count: loadsOf(provider), measure });
  return sides.map(({ name }, side) => ({
    side: name,
    ...rows[side],
    // The processes have ended with their pages.
    cpuMs: null,
    stages: Object.fromEntries(
      ["imported", "opened", "embedded", "firstPicture"].map((stage) => [
        stage,
        Math.round(median((stages[name] ?? []).map((load) => load[stage] ?? Number.NaN))),
      ]),
    ),
    longTasks: longest(/** @type {any} */ (tasks[name])),
  }));
}

/** Pictures after the first. @param {string} provider */
async function measureEncode(provider) {
  const sides = sidesOf(provider);
  const pages = [];
  for (const side of sides) pages.push(await open(side, provider));
  const page = (/** @type {number} */ side) => /** @type {Page} */ (pages[side]);
  for (const [index, { name }] of sides.entries())
    versions[name] = await ask(page(index), "version");
  const features = [];
  for (const side of sides.keys()) features.push(await ask(page(side), "features"));
  const alone = (/** @type {number} */ side) => ask(page(side), "encode");
  const whole = (/** @type {number} */ side) => ask(page(side), "embed", PICTURES[0]);
  if (!isSlow(provider)) await takeTurns(sides, { count: WARM_UPS, measure: alone });
  const count = roundsOf(provider);
  const encode = await takeTurns(sides, { count, measure: alone });
  const since = await Promise.all(sides.map((_, side) => ask(page(side), "now")));
  const embed = await takeTurns(sides, { count, measure: whole });
  const tasks = await Promise.all(
    sides.map((_, side) => ask(page(side), "longTasks", since[side])),
  );
  const memory = isSlow(provider) ? [] : await inTurn(pages, peakMemory);
  for (const one of pages) await one.close();
  return {
    encode: sides.map(({ name }, side) => ({ side: name, ...encode[side] })),
    jpegToEmbedding: sides.map(({ name }, side) => ({
      side: name,
      ...embed[side],
      longTasks: longest(tasks[side]),
      peakMemoryMB: memory[side] ?? null,
    })),
    // The class token comes first; a side that gives it alone is compared by it.
    largestDifference: sides.some(({ isPeer }) => isPeer)
      ? features.slice(0, -1).map((own) => largestDifference(own, features.at(-1)))
      : null,
  };
}

/** @template A, B @param {readonly A[]} items @param {(item: A) => Promise<B>} call */
async function inTurn(items, call) {
  const results = [];
  for (const item of items) results.push(await call(item));
  return results;
}

/** @param {number[]} actual @param {number[]} expected */
function largestDifference(actual, expected) {
  if (actual.length > expected.length) throw new Error("the sides' features differ in length");
  let largest = 0;
  let value = 0;
  for (const [i, one] of expected.slice(0, actual.length).entries()) {
    largest = Math.max(largest, Math.abs((actual[i] ?? Number.NaN) - one));
    value = Math.max(value, Math.abs(one));
  }
  if (!(largest / value <= AGREEMENT)) {
    throw new Error(`the sides compute different features: ${largest} of ${value}`);
  }
  return { absolute: largest, ofLargestValue: largest / value };
}

/** Node's floats of a picture. @param {string} name */
async function nodeHash(name) {
  const { image } = await decodeImage(join(pictureFolder, name));
  const { data } = toPixelValues([squareResize(image, { size: SIDE })], IMAGENET_NORMALIZATION);
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** Preprocessing alone; the model of the pages has nothing to do. */
async function measurePreprocessing() {
  // What ours computes of the pixels makes no difference here.
  const compared = sides.filter(({ isPeer, name }) => isPeer || name === sides[0]?.name);
  const pages = [];
  for (const side of compared) pages.push(await open(side, "wasm"));
  const page = (/** @type {number} */ side) => /** @type {Page} */ (pages[side]);
  const results = [];
  for (const name of PICTURES) {
    const expected = await nodeHash(name);
    for (const from of ["pixels", "jpeg"]) {
      const request = { name, from, hash: false };
      const equalsNode = [];
      for (const side of compared.keys()) {
        const { sha256 } = await ask(page(side), "preprocess", { ...request, hash: true });
        equalsNode.push(sha256 === expected);
      }
      const run = async (/** @type {number} */ side) =>
        (await ask(page(side), "preprocess", request)).ms;
      await takeTurns(compared, { count: WARM_UPS, measure: run });
      const rows = await takeTurns(compared, { count: 2 * roundsOf("wasm"), measure: run });
      for (const [side, { isPeer, name: who }] of compared.entries()) {
        results.push({
          picture: name,
          from,
          side: isPeer ? who : "internvit",
          ...rows[side],
          equalsNode: equalsNode[side],
        });
      }
    }
  }
  for (const one of pages) await one.close();
  return results;
}

/** @type {Record<string, unknown>} */
const results = {};
try {
  for (const provider of options.providers.split(",").filter((name) => name !== "")) {
    const load = parts.has("load") ? await measureLoad(provider) : undefined;
    if (load !== undefined) console.log(provider, "first embedding", load);
    const encode = parts.has("encode") ? await measureEncode(provider) : undefined;
    if (encode !== undefined) console.log(provider, JSON.stringify(encode, null, 1));
    results[provider] = { ...(load === undefined ? {} : { load }), ...encode };
  }
  if (parts.has("preprocess")) {
    results["preprocessing"] = await measurePreprocessing();
    console.table(results["preprocessing"]);
  }
} finally {
  await browser.close();
  for (const side of sides) side.close();
}
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);
const path = join(ROOT, "benchmarks/results/browser.json");
// Parts and providers that were not asked for keep their numbers; the environment is that of the newest.
const before = options.keep ? JSON.parse(readFileSync(path, "utf8")) : {};
const result = {
  ...before,
  environment: environment(versions),
  workload: {
    config: CONFIG,
    threads: Number(options.threads),
    adapter: options.adapter === "" ? "the browser's own choice" : options.adapter,
    pictures: PICTURES,
    turns: Object.fromEntries(
      ["wasm", "webgpu"].map((provider) => [
        provider,
        { pages: loadsOf(provider), pictures: roundsOf(provider) },
      ]),
    ),
  },
  absent,
  ...results,
};
await writeResult("browser", result);
await writeTables(result);
