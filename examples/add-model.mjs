// `node add-model.mjs <folder>`: puts a checkpoint into <folder>/model, for the examples to serve. A tiny one with random
// weights, of the fixtures: it shows that the way is right, not what InternViT sees.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CHECKPOINT = fileURLToPath(new URL("../fixtures/tiny-layernorm", import.meta.url));

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("usage: node add-model.mjs <folder>");
for (const file of ["config.json", "preprocessor_config.json", "model.safetensors"]) {
  cpSync(join(CHECKPOINT, file), join(folder, "model", file));
}
