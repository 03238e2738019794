// A process of its own opens a small and a large set and says how much its heap grew.

import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { parquetOf, temporaryFolder, writeFiles } from "./write-sets.ts";

const CLASSES = 100;

const SCRIPT = `
import { openClassificationSet } from "@internvit/eval/node";
const grown = [];
// What has been let go may need a turn of the event loop and a second look.
const used = async () => {
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
for (const name of ["small", "large"]) {
  const before = await used();
  const set = await openClassificationSet(name + "=" + process.argv[1] + "/" + name);
  let labels = 0;
  for (let index = 0; index < set.length; index++) labels += (await set.picture(index)).labels[0];
  grown.push([set.length, labels, (await used()) - before]);
  const bytes = await set.read(set.length - 1);
  if (bytes.byteLength !== 1) throw new Error("no picture");
  await set.dispose();
}
console.log(JSON.stringify(grown));
`;

test("memory does not grow with the number of pictures", () => {
  using folder = temporaryFolder();
  const bytes = new Uint8Array([1]);
  for (const [name, count] of [
    ["small", 1000],
    ["large", 100_000],
  ] as const) {
    const rows = Array.from({ length: count }, (_, i) => ({
      bytes,
      path: `class-${i % CLASSES}/picture-${i}.jpg`,
      label: i % CLASSES,
    }));
    const parquet = parquetOf(rows, { rowGroupSize: 500 });
    writeFiles(folder.path, { [`${name}/pictures.parquet`]: parquet });
  }
  const flags = ["--expose-gc", "--input-type=module", "--eval", SCRIPT];
  const cwd = import.meta.dirname;
  const output = execFileSync(process.execPath, [...flags, folder.path], { cwd, encoding: "utf8" });
  const [small, large] = JSON.parse(output) as [number, number, number][];
  expect(small!.slice(0, 2)).toEqual([1000, 49_500]);
  expect(large!.slice(0, 2)).toEqual([100_000, 4_950_000]);
  // The names alone would be 5 MB; what differs is code and buffers.
  expect(large![2] - Math.max(small![2], 0)).toBeLessThan(1_000_000);
});
