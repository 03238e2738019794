// @ts-check
// `npm start [-- picture] [options of internvit show]`: from a fresh clone to features and a picture of them.

import { join, resolve } from "node:path";

import { ROOT, run, setUp } from "./setup.mjs";

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith("-");
// npm runs scripts in the root; a name is meant from where npm was called.
const picture = named
  ? resolve(process.env["INIT_CWD"] ?? ".", first)
  : join(ROOT, "docs/sample.jpg");
const options = named || first === undefined ? rest : [first, ...rest];
setUp();
process.exitCode = run(process.execPath, [
  join(ROOT, "packages/cli/bin/internvit.js"),
  "show",
  picture,
  "--output",
  join(ROOT, "output"),
  ...options,
]);
