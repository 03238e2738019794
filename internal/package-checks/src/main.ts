// `check:package`: every published package and every size budget. Prints what it saw, writes the sizes as JSON for
// whoever compares two commits, and fails where anything is wrong.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkPackage, type PackageReport } from "./check-package.ts";
import { checkVersionGroup } from "./check-version-group.ts";
import { ENTRY_PLATFORMS } from "./entries.ts";
import { measureSize, type SizeMeasurement } from "./measure-size.ts";
import { SIZE_BUDGETS } from "./size-budget.ts";
import { table } from "./table.ts";

const here = fileURLToPath(new URL("..", import.meta.url));
const root = join(here, "../..");

const reports: PackageReport[] = [];
for (const name of (await readdir(join(root, "packages"))).toSorted()) {
  const directory = join(root, "packages", name);
  if ((await readJson(join(directory, "package.json")))["private"] === true) continue;
  reports.push(await checkPackage(directory, ENTRY_PLATFORMS));
}
const sizes: SizeMeasurement[] = [];
for (const budget of SIZE_BUDGETS) sizes.push(await measureSize(budget, here));

console.log(
  table(
    ["package", "entries", "files", "kB packed", "problems"],
    reports.map(({ name, entries, files, bytes, problems }) => [
      name,
      entries,
      files,
      kilobytes(bytes),
      problems.length,
    ]),
  ),
);
console.log(
  table(
    ["import", "kB minified", "kB gzip", "kB allowed"],
    sizes.map(({ purpose, minified, gzip, limit }) => [
      purpose,
      kilobytes(minified),
      kilobytes(gzip),
      kilobytes(limit),
    ]),
  ),
);

const cache = join(here, ".cache");
await mkdir(cache, { recursive: true });
await writeFile(join(cache, "bundle-size.json"), `${JSON.stringify(sizes, null, 2)}\n`);

const problems = [
  ...reports.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
  ...sizes
    .filter(({ gzip, limit }) => gzip > limit)
    .map(({ purpose, gzip, limit }) => `${purpose}: expected at most ${limit} B, found ${gzip} B`),
  ...checkVersionGroup(
    await readJson(join(root, ".changeset/config.json")),
    reports.map(({ name }) => name),
  ),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
