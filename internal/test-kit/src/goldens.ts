// Where the golden data is, and an independent reader for it: the tests must not trust the reader they test.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The folder of golden data: `INTERNVIT_GOLDENS` (set by `pnpm test:goldens <dir>`), else the repository's `fixtures`. */
export function goldenDirectory(): string {
  const chosen = process.env["INTERNVIT_GOLDENS"];
  const directory =
    chosen === undefined || chosen === "" ? join(REPOSITORY, "fixtures") : resolve(chosen);
  if (!existsSync(join(directory, "preprocess.json"))) {
    throw new Error(`no golden data in ${directory}: it has no preprocess.json`);
  }
  return directory;
}

/** The path of one golden file or folder. */
export function goldenPath(...parts: readonly string[]): string {
  return join(goldenDirectory(), ...parts);
}

/**
 * A file or folder of the repository's own fixtures, whatever `INTERNVIT_GOLDENS` says: for tests of behaviour that
 * know what is in it.
 */
export function fixturePath(...parts: readonly string[]): string {
  return join(REPOSITORY, "fixtures", ...parts);
}

/** A golden JSON file. */
export function readGoldenJson<T>(...parts: readonly string[]): T {
  return JSON.parse(readFileSync(goldenPath(...parts), "utf8")) as T;
}

/**
 * The real photographs that stand beside the repository on the development machines (`INTERNVIT_PHOTOS` names
 * another folder), or undefined where they are not. They are never part of the repository.
 */
export function photosDirectory(): string | undefined {
  const directory = process.env["INTERNVIT_PHOTOS"] ?? join(REPOSITORY, "../shared/data/photos");
  return existsSync(directory) ? directory : undefined;
}

/** One tensor of a golden file. */
export interface GoldenTensor {
  readonly dtype: "F32" | "U8" | "I64";
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array | BigInt64Array;
}

/** All tensors of a golden safetensors file, by name, read the plainest way there is. */
export function readGoldenTensors(...parts: readonly string[]): ReadonlyMap<string, GoldenTensor> {
  const bytes = readFileSync(goldenPath(...parts));
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength)) as Record<
    string,
    { dtype: GoldenTensor["dtype"]; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, end] = entry.data_offsets;
    // Copied, so that the typed array may start at any byte of the file.
    const raw = Uint8Array.from(
      bytes.subarray(8 + headerLength + start, 8 + headerLength + end),
    ).buffer;
    let data: GoldenTensor["data"];
    if (entry.dtype === "F32") data = new Float32Array(raw);
    else if (entry.dtype === "U8") data = new Uint8Array(raw);
    else if (entry.dtype === "I64") data = new BigInt64Array(raw);
    else throw new Error(`${name}: the golden reader does not know dtype ${String(entry.dtype)}`);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data });
  }
  return tensors;
}

/** A float32 golden tensor; throws when it is not there. */
export function float32Golden(
  tensors: ReadonlyMap<string, GoldenTensor>,
  name: string,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const tensor = tensors.get(name);
  if (tensor === undefined || !(tensor.data instanceof Float32Array)) {
    throw new Error(
      `no float32 golden called ${name}; there are ${[...tensors.keys()].join(", ")}`,
    );
  }
  return { shape: tensor.shape, data: tensor.data };
}
