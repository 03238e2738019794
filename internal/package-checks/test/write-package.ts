// A small package that passes every check, written to a folder of its own; each test breaks one thing in it.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { onTestFinished } from "vitest";

const MANIFEST = {
  name: "sound",
  version: "1.0.0",
  description: "A package without faults",
  license: "MIT",
  type: "module",
  sideEffects: false,
  files: ["lib"],
  exports: { ".": { types: "./lib/index.d.ts", default: "./lib/index.js" } },
  engines: { node: ">=20.19" },
};

const FILES = {
  LICENSE: "MIT License\n",
  "README.md": "# sound\n",
  "lib/index.js": 'export { twice } from "./twice.js";\n',
  "lib/index.d.ts": 'export { twice } from "./twice.js";\n',
  "lib/twice.js": "export const twice = (value) => value * 2;\n",
  "lib/twice.d.ts": "export declare const twice: (value: number) => number;\n",
};

/** What differs from the sound package. */
export interface PackageChanges {
  /** Fields of package.json; undefined takes one away. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Text by path; undefined takes a file away. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

/** Writes it to a folder that is removed after the test. */
export async function writePackage(changes: PackageChanges = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "internvit-package-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const manifest = JSON.stringify({ ...MANIFEST, ...changes.manifest });
  const files = { ...FILES, "package.json": manifest, ...changes.files };
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}
