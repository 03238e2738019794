// @ts-check
// What every benchmark records beside its numbers, and how it sums them up.

import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The machine and the versions that numbers belong to. @param {Record<string, string>} versions */
export function environment(versions) {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? "?",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    node: process.version,
    versions,
  };
}

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Writes benchmarks/results/<name>.json. @param {string} name @param {unknown} result */
export async function writeResult(name, result) {
  const folder = join(ROOT, "benchmarks/results");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
