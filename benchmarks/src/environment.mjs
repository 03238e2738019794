// @ts-check
// What every benchmark records beside its numbers, and how it sums them up.

import { mkdir, readFile, writeFile } from "node:fs/promises";
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

const RESULTS = join(ROOT, "benchmarks/results");

/** Writes benchmarks/results/<name>.json. @param {string} name @param {unknown} result */
export async function writeResult(name, result) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** What was written last under a name, for who renews a part of it; undefined where there is none. @param {string} name */
export async function readResult(name) {
  try {
    return JSON.parse(await readFile(join(RESULTS, `${name}.json`), "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * The parts of a benchmark that `--only` names, in the order of all.
 *
 * @param {readonly string[]} all
 * @param {readonly string[] | undefined} only default: all
 */
export function chosenParts(all, only = all) {
  const unknown = only.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--only: expected ${all.join(", ")}, got ${unknown}`);
  return all.filter((name) => only.includes(name));
}
