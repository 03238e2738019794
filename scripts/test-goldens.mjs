// @ts-check
// `pnpm test:goldens <dir>`: every golden test against another folder of golden data of the same layout.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { run, setUp } from "./setup.mjs";
import { installSystemPackages } from "./system-packages.mjs";

const [directory, ...rest] = process.argv.slice(2).filter((argument) => argument !== "--");
if (directory === undefined || !existsSync(join(directory, "preprocess.json"))) {
  console.error(
    `usage: pnpm test:goldens <dir>, a folder with preprocess.json, resize.json and tiny-* checkpoints (docs/numerics.md); got ${directory ?? "nothing"}`,
  );
  process.exit(2);
}
setUp();
installSystemPackages();
process.exitCode = run("vitest", ["run", "--testNamePattern", "golden", ...rest], {
  env: { INTERNVIT_GOLDENS: resolve(directory) },
});
