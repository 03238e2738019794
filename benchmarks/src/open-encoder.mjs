// @ts-check
// Opens a checkpoint as an encoder in a process of its own, encodes four pictures at once, and says how long opening
// took and how much memory the process needed at most until then and in the end, as one JSON line.
// Usage: open-encoder.mjs <checkpoint> [fusion,fusion,… or none]

import { readFileSync } from "node:fs";

import { ALL_FUSIONS } from "@internvit/model-core";
import { CPU_FUSIONS, createVisionEncoder } from "@internvit/runtime-node";

const [checkpoint = "", names = CPU_FUSIONS.join(",")] = process.argv.slice(2);
const fusions = ALL_FUSIONS.filter((fusion) => names.split(",").includes(fusion));

/** The kernel's own high-water mark, mapped pages of the checkpoint included; Linux only. */
function peakBytes() {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Number(peak) * 1024;
}

const begin = performance.now();
const encoder = await createVisionEncoder(checkpoint, { fusions, batchSize: 4 });
const seconds = (performance.now() - begin) / 1e3;
const openPeakBytes = peakBytes();
const { height, width } = encoder.info.inputSize;
const shape = [4, height, width, 3];
await encoder.encode({ dtype: "uint8", shape, data: new Uint8Array(4 * height * width * 3) });
console.log(JSON.stringify({ seconds, openPeakBytes, encodePeakBytes: peakBytes() }));
await encoder.dispose();
