// @ts-check
// `npm test [-- vitest arguments]`: sets up where needed, runs every test, and says the counts in one plain line.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ROOT, run, setUp } from "./setup.mjs";
import { installSystemPackages } from "./system-packages.mjs";

setUp();
installSystemPackages();
const folder = join(ROOT, "node_modules/.cache/internvit");
const report = join(folder, "vitest.json");
mkdirSync(folder, { recursive: true });
rmSync(report, { force: true });
const code = run("vitest", [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
if (existsSync(report)) {
  const counts = JSON.parse(readFileSync(report, "utf8"));
  const skipped = counts.numPendingTests + counts.numTodoTests;
  console.log(
    `${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${skipped} skipped`,
  );
  // A run that tested nothing has shown nothing.
  process.exitCode = code === 0 && counts.numPassedTests === 0 ? 1 : code;
} else {
  console.error("internvit: vitest wrote no report, so nothing is known to pass");
  process.exitCode = code === 0 ? 1 : code;
}
