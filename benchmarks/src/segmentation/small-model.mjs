// @ts-check
// What the three segmentation benchmarks are asked for, and the encoder that they have in common.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openCheckpoint } from "@internvit/runtime-node";

import { synthesize } from "../encoder-peers.mjs";
import { ROOT } from "../environment.mjs";
import { ENCODER, SIZE } from "./settings.mjs";

/** Options of every one, for `parseArgs`. */
export const COMMON_OPTIONS = /** @type {const} */ ({
  python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
  /** What is made once and what the peers read. */
  work: { type: "string", default: join(ROOT, ".cache/segmentation") },
  threads: { type: "string", default: "4" },
});

/** The encoder's folder in `work`, made where it is not there yet, and the encoder opened. @param {string} work */
export async function openSmallModel(work) {
  await mkdir(work, { recursive: true });
  const encoder = join(work, `encoder-${SIZE}`);
  await writeFile(join(work, "config.json"), JSON.stringify(ENCODER));
  synthesize(encoder, ["--seed", "0", "--dtype", "f32"], join(work, "config.json"));
  return { encoder, checkpoint: await openCheckpoint(encoder) };
}
