// @ts-check
// Opens a checkpoint as an encoder in a process of its own and says how long it took and how much memory it needed
// at most, as one JSON line. Usage: open-encoder.mjs <checkpoint>

import { readFileSync } from "node:fs";

import { createVisionEncoder } from "@internvit/runtime-node";

const [checkpoint = ""] = process.argv.slice(2);
const begin = performance.now();
const encoder = await createVisionEncoder(checkpoint);
const seconds = (performance.now() - begin) / 1e3;
// The kernel's own high-water mark, mapped pages of the checkpoint included; Linux only.
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
console.log(JSON.stringify({ seconds, peakBytes: Number(peak) * 1024 }));
await encoder.dispose();
