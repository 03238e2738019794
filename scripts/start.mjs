// @ts-check
// `npm start [-- picture]`: from a fresh clone to features and a picture of them.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { ROOT, run, setUp } from "./setup.mjs";

const [picture = join(ROOT, "docs/sample.jpg"), ...options] = process.argv.slice(2);
setUp();
const output = join(ROOT, "output");
mkdirSync(output, { recursive: true });
process.exitCode = run(process.execPath, [
  join(ROOT, "packages/cli/bin/internvit.js"),
  "show",
  picture,
  "--output",
  output,
  ...options,
]);
