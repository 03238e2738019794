// Where the golden data is.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { type GoldenModel, type GoldenTensor, parseGoldenTensors } from "./golden-tensors.ts";

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

/**
 * A folder of the real labelled data that stands beside the repository on the development machines (`INTERNVIT_DATA`
 * names another folder of such folders), or undefined where it is not. It is never part of the repository.
 */
export function dataDirectory(name: string): string | undefined {
  const root = process.env["INTERNVIT_DATA"] ?? join(REPOSITORY, "../shared/data");
  const directory = join(root, name);
  return existsSync(directory) ? directory : undefined;
}

/** All tensors of a golden safetensors file, by name. */
export function readGoldenTensors(...parts: readonly string[]): ReadonlyMap<string, GoldenTensor> {
  return parseGoldenTensors(readFileSync(goldenPath(...parts)));
}

/** Golden checkpoints: those of these names, or whatever `tiny-*` folders there are. */
export function readGoldenModels(
  names: readonly string[] = readdirSync(goldenDirectory()).filter(
    (name) => name.startsWith("tiny-") && existsSync(goldenPath(name, "expected.safetensors")),
  ),
): readonly GoldenModel[] {
  return names.map((name) => ({
    name,
    location: goldenPath(name),
    expected: readGoldenTensors(name, "expected.safetensors"),
  }));
}
