// @ts-check
// Writes fixtures/manifest.json: size and SHA-256 of every fixture. A test compares the files with it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "./setup.mjs";

const folder = join(ROOT, "fixtures");
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  .filter((name) => name !== "manifest.json" && name !== "README.md")
  .toSorted();
const { seed, ...versions } = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8"));
const manifest = {
  origin: "the Python reference: OpenGVLab's model code, transformers and Pillow (README.md)",
  versions,
  seed,
  files: Object.fromEntries(
    files.map((name) => {
      const bytes = readFileSync(join(folder, name));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return [name, { bytes: bytes.length, sha256 }];
    }),
  ),
};
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
