// Decoding, and pictures that stand in two sets.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { checkPictures, findSharedPictures, openClassificationSet } from "@internvit/eval/node";
import { dataDirectory } from "@internvit/test-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { temporaryFolder, tinyJpeg, writeFiles } from "./write-sets.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder[Symbol.dispose]());

describe("the pictures of a set", () => {
  it("are decoded, and those that cannot be are named", async () => {
    const jpegs = await Promise.all([0, 1, 2].map(tinyJpeg));
    writeFiles(folder.path, {
      "cat/a.jpg": jpegs[0]!,
      "cat/b.jpg": jpegs[1]!.subarray(0, 200),
      "dog/c.jpg": "no picture",
      "dog/d.jpg": "",
      "dog/e.jpg": jpegs[2]!,
    });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    let done = 0;
    const found = await checkPictures(set, { pictures: "all", onProgress: () => done++ });
    expect(done).toBe(5);
    expect(found).toMatchObject({ checked: 5, badCount: 3 });
    expect(found.bad.map(({ key, code }) => [key, code])).toEqual([
      ["cat/b.jpg", "malformed"],
      ["dog/c.jpg", "unsupported"],
      ["dog/d.jpg", "malformed"],
    ]);
    expect(found.bad[1]!.message).toContain("dog/c.jpg: expected a");
    expect(await checkPictures(set, { pictures: 2 })).toMatchObject({ checked: 2, badCount: 1 });
    await expect(checkPictures(set, { pictures: -1 })).rejects.toThrow(
      'expected "all" or a number',
    );
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(checkPictures(set, { pictures: "all", signal })).rejects.toThrow("enough");
  });

  it("are found in another set by their bytes, whatever they are called", async () => {
    const jpegs = await Promise.all(Array.from({ length: 6 }, (_, i) => tinyJpeg(i * 40)));
    writeFiles(folder.path, {
      "train/cat/0.jpg": jpegs[0]!,
      "train/cat/1.jpg": jpegs[1]!,
      "train/dog/2.jpg": jpegs[2]!,
      "val/cat/x.jpg": jpegs[3]!,
      "val/dog/y.jpg": jpegs[1]!,
    });
    await using train = await openClassificationSet(`pets=${folder.path}`, { split: "train" });
    await using val = await openClassificationSet(`pets=${folder.path}`);
    expect(await findSharedPictures({ train, val }, { pictures: "all" })).toEqual({
      checked: 2,
      sharedCount: 1,
      shared: [{ train: "cat/1.jpg", val: "dog/y.jpg" }],
      unread: 0,
    });
    writeFileSync(join(folder.path, "val/dog/y.jpg"), jpegs[4]!);
    expect((await findSharedPictures({ train, val }, { pictures: 2 })).sharedCount).toBe(0);
  });
});

const cifar = dataDirectory("cifar10");

describe.skipIf(cifar === undefined)(
  `CIFAR-10${cifar === undefined ? " (skipped: no folder of shared data, INTERNVIT_DATA)" : ""}`,
  () => {
    it("is whole, decodes, and shares no picture between train and test", async () => {
      await using train = await openClassificationSet(`cifar=${cifar}`, { split: "train" });
      const { classes } = train;
      await using val = await openClassificationSet(`cifar=${cifar}`, { classes });
      expect([train.length, val.length]).toEqual([4000, 1000]);
      expect(train.classCounts).toEqual(classes.map(() => 400));
      expect(val.classCounts).toEqual(classes.map(() => 100));
      expect(await checkPictures(val, { pictures: "all" })).toMatchObject({ badCount: 0 });
      expect(await findSharedPictures({ train, val }, { pictures: "all" })).toEqual({
        checked: 1000,
        sharedCount: 0,
        shared: [],
        unread: 0,
      });
    });
  },
);
