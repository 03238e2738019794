// A process of its own opens a small and a large set and says how much its heap grew.

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryFolder } from "./write-sets.ts";

const CLASSES = 100;

const SCRIPT = `
import { openClassificationSet } from "@internvit/eval/node";
const grown = [];
for (const name of ["small", "large"]) {
  gc();
  const before = process.memoryUsage();
  const set = await openClassificationSet(name + "=" + process.argv[1] + "/" + name);
  let labels = 0;
  for (let index = 0; index < set.length; index++) labels += (await set.picture(index)).labels[0];
  gc();
  const after = process.memoryUsage();
  grown.push([set.length, labels, after.heapUsed + after.external - before.heapUsed - before.external]);
  await set.dispose();
}
console.log(JSON.stringify(grown));
`;

test("memory does not grow with the number of pictures", () => {
  using folder = temporaryFolder();
  for (const [name, each] of [
    ["small", 10],
    ["large", 1000],
  ] as const) {
    for (let label = 0; label < CLASSES; label++) {
      const path = join(folder.path, name, `class-${label + 100}`);
      mkdirSync(path, { recursive: true });
      for (let i = 0; i < each; i++) closeSync(openSync(join(path, `picture-${i}.jpg`), "w"));
    }
  }
  const flags = ["--expose-gc", "--input-type=module", "--eval", SCRIPT];
  const cwd = import.meta.dirname;
  const output = execFileSync(process.execPath, [...flags, folder.path], { cwd, encoding: "utf8" });
  const [small, large] = JSON.parse(output) as [number, number, number][];
  expect(small!.slice(0, 2)).toEqual([1000, 49_500]);
  expect(large!.slice(0, 2)).toEqual([100_000, 4_950_000]);
  // The names alone would be 3 MB.
  expect(large![2] - Math.max(small![2], 0)).toBeLessThan(500_000);
});
