// A process of its own opens a small and a large set and says how much its heap grew.

import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { parquetOf, temporaryFolder, writeFiles } from "./write-sets.ts";

const CLASSES = 100;

/** A set's keys are all read, and one picture. `count` gives a number to add up for each. */
const script = (open: string, count: string): string => `
import { ${open} } from "@internvit/eval/node";
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
  const set = await ${open}(name + "=" + process.argv[1] + "/" + name);
  let labels = 0;
  for (let index = 0; index < set.length; index++) labels += (await set.picture(index)).${count};
  grown.push([set.length, labels, (await used()) - before]);
  const bytes = await set.read(set.length - 1);
  if (bytes.byteLength !== 1) throw new Error("no picture");
  await set.dispose();
}
console.log(JSON.stringify(grown));
`;

/** How long each set is, what its labels add up to, and by how many bytes the process grew. */
function measure(folder: string, source: string): [number, number, number][] {
  const flags = ["--expose-gc", "--input-type=module", "--eval", source];
  const cwd = import.meta.dirname;
  const output = execFileSync(process.execPath, [...flags, folder], { cwd, encoding: "utf8" });
  return JSON.parse(output) as [number, number, number][];
}

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
  const [small, large] = measure(folder.path, script("openClassificationSet", "labels[0]"));
  expect(small!.slice(0, 2)).toEqual([1000, 49_500]);
  expect(large!.slice(0, 2)).toEqual([100_000, 4_950_000]);
  // The names alone would be 5 MB; what differs is code and buffers.
  expect(large![2] - Math.max(small![2], 0)).toBeLessThan(1_000_000);
});

test("memory does not grow with the number of pictures that have label pictures", () => {
  using folder = temporaryFolder();
  for (const [name, count] of [
    ["small", 500],
    ["large", 5000],
  ] as const) {
    const files: Record<string, string> = { "classes.txt": "sky" };
    for (let i = 0; i < count; i++) {
      const stem = `a-picture-with-a-name-that-is-as-long-as-those-of-street-scenes-often-are-${i}`;
      files[`val/${stem}.jpg`] = "1";
      files[`valannot/${stem}.png`] = "";
    }
    writeFiles(`${folder.path}/${name}`, files);
  }
  const [small, large] = measure(folder.path, script("openSegmentationSet", "key.length"));
  expect([small![0], large![0]]).toEqual([500, 5000]);
  // The names of pictures and labels alone would be 1 MB.
  expect(large![2] - Math.max(small![2], 0)).toBeLessThan(500_000);
});
