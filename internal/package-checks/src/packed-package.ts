// A package as it would be published: packed by pnpm, which replaces "workspace:" and "catalog:" and adds the licence
// of the repository, and read back from the tarball. Everything that is said about a package is said about this.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { unpack } from "@publint/pack";

import { type Manifest, parseManifest } from "./manifest.ts";

/** What a tarball holds, and where it was packed. */
export interface PackedPackage {
  /** The folder that was packed; `dist` is built in it. */
  readonly directory: string;
  /** package.json as published. */
  readonly manifest: Manifest;
  /** Bytes by path, without the "package/" that every path of a tarball begins with. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The .tgz itself. */
  readonly tarball: Uint8Array<ArrayBuffer>;
}

/** Packs the package in `directory`; nothing is left behind. */
export async function packPackage(directory: string): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), "internvit-pack-"));
  try {
    const path = join(folder, "package.tgz");
    await promisify(execFile)(process.execPath, [pnpmScript(), "pack", "--out", path], {
      cwd: directory,
      maxBuffer: 1 << 26,
    });
    const tarball = new Uint8Array(await readFile(path));
    const { files, rootDir } = await unpack(tarball);
    const byPath = new Map(
      files.map(({ name, data }) => [name.slice(rootDir.length + 1), data] as const),
    );
    return { directory, manifest: parseManifest(byPath), files: byPath, tarball };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** pnpm of the repository, whatever the PATH says. */
function pnpmScript(): string {
  const manifest = createRequire(import.meta.url).resolve("pnpm/package.json");
  return join(dirname(manifest), "bin/pnpm.mjs");
}
