// Where shared libraries are on Linux: in LD_LIBRARY_PATH, in the loader's cache, or in folders where installers put
// them and nobody looks.

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { LibraryFacts } from "./machine-facts.ts";

/** Where CUDA's installers, container images and WSL put libraries. */
const OTHER_FOLDERS = [
  "/usr/local/cuda/lib64",
  "/usr/local/cuda/targets/x86_64-linux/lib",
  "/usr/local/cuda-12/lib64",
  "/opt/cuda/lib64",
  "/usr/local/nvidia/lib64",
  "/usr/lib/wsl/lib",
] as const;

const DEFAULT_FOLDERS = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
];

/** Every library of these folders and of the loader's cache by its name. */
export interface InstalledLibraries {
  /** Those that the loader finds. */
  readonly reachable: ReadonlyMap<string, string>;
  readonly elsewhere: ReadonlyMap<string, string>;
}

/** Reads what is installed. */
export async function readInstalledLibraries(
  env: Readonly<Record<string, string | undefined>>,
): Promise<InstalledLibraries> {
  const paths = (env["LD_LIBRARY_PATH"] ?? "").split(":").filter((path) => path !== "");
  const reachable = new Map<string, string>();
  for (const folder of paths) await addFolder(reachable, folder);
  for (const [name, path] of parseLoaderCache(await loaderCache())) {
    if (!reachable.has(name)) reachable.set(name, path);
  }
  for (const folder of DEFAULT_FOLDERS) await addFolder(reachable, folder);
  const elsewhere = new Map<string, string>();
  for (const folder of OTHER_FOLDERS) await addFolder(elsewhere, folder);
  return { reachable, elsewhere };
}

/** What is known of one library, such as `libcudnn.so.9`. */
export function findLibrary(
  name: string,
  { reachable, elsewhere }: InstalledLibraries,
): LibraryFacts {
  const path = reachable.get(name) ?? elsewhere.get(name);
  const [stem = name] = name.split(".so");
  const isOther = (other: string): boolean =>
    other !== name && other.startsWith(`${stem}.so.`) && /\.so\.\d+$/.test(other);
  const others = [...new Set([...reachable.keys(), ...elsewhere.keys()])].filter(isOther).sort();
  return { name, path, reachable: reachable.has(name), others };
}

/** Name and path of each line of `ldconfig -p`: `libm.so.6 (libc6,x86-64) => /lib/libm.so.6`. */
export function parseLoaderCache(text: string): readonly (readonly [string, string])[] {
  const entries: [string, string][] = [];
  for (const line of text.split("\n")) {
    const [, name, kind, path] = /^\s+(\S+) \(([^)]*)\) => (\S+)$/.exec(line) ?? [];
    // A 32-bit library of the same name is of no use.
    const fits = kind?.includes("x86-64") === true || kind?.includes("AArch64") === true;
    if (name !== undefined && path !== undefined && fits) entries.push([name, path]);
  }
  return entries;
}

async function loaderCache(): Promise<string> {
  for (const command of ["ldconfig", "/sbin/ldconfig"]) {
    const answer = await promisify(execFile)(command, ["-p"], { maxBuffer: 1 << 26 }).catch(
      () => undefined,
    );
    if (answer !== undefined) return answer.stdout;
  }
  return "";
}

async function addFolder(libraries: Map<string, string>, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (name.includes(".so") && !libraries.has(name)) libraries.set(name, join(folder, name));
  }
}
