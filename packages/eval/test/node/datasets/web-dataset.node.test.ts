import { join } from "node:path";

import { openClassificationSet } from "@internvit/eval/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { padded, tarHeader, tarOf, temporaryFolder, tinyJpeg, writeFiles } from "./write-sets.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder[Symbol.dispose]());

const open = (options = {}) => openClassificationSet(`pets=${folder.path}`, options);

describe("tar archives", () => {
  it("give the pictures of their samples, by .cls or .json", async () => {
    const pictures = await Promise.all([0, 1, 2].map(tinyJpeg));
    writeFiles(folder.path, {
      "classes.txt": "cat\ndog\n",
      "pets-train-0000.tar": tarOf([["x.jpg", "no"]]),
      "pets-validation-0000.tar": tarOf([
        ["a/000.jpg", pictures[0]!],
        ["a/000.cls", "1\n"],
        ["a/001.cls", "0"],
        ["a/001.txt", "a caption"],
        ["a/001.jpg", pictures[1]!],
      ]),
      "pets-validation-0001.tar": tarOf([
        ["000.json", JSON.stringify({ label: 1 })],
        ["000.jpg", pictures[2]!],
      ]),
    });
    await using set = await open();
    expect(set).toMatchObject({ layout: "tar", length: 3, classes: ["cat", "dog"] });
    const found = await Promise.all([0, 1, 2].map((index) => set.picture(index)));
    expect(found.map(({ key, labels }) => [key, ...labels])).toEqual([
      ["pets-validation-0000.tar/a/000.jpg", 1],
      ["pets-validation-0000.tar/a/001.jpg", 0],
      ["pets-validation-0001.tar/000.jpg", 1],
    ]);
    for (const index of [2, 0, 1]) {
      expect(await set.read(index)).toEqual(new Uint8Array(pictures[index]!));
      expect(await set.byteLength(index)).toBe(pictures[index]!.length);
    }
  });

  it("are read through once, and again when one has changed", async () => {
    const options = { cache: join(folder.path, "cache") };
    writeFiles(folder.path, {
      "a.tar": tarOf([
        ["0.jpg", await tinyJpeg(0)],
        ["0.cls", "0"],
      ]),
    });
    let stages = 0;
    const onProgress = (): void => {
      stages++;
    };
    await (await open({ ...options, onProgress })).dispose();
    expect(stages).toBeGreaterThan(0);
    stages = 0;
    await using kept = await open({ ...options, onProgress });
    expect([stages, kept.length, (await kept.read(0)).length > 0]).toEqual([0, 1, true]);
    writeFiles(folder.path, {
      "a.tar": tarOf([
        ["0.jpg", await tinyJpeg(0)],
        ["0.cls", "0"],
        ["1.jpg", await tinyJpeg(1)],
        ["1.cls", "1"],
      ]),
    });
    await using changed = await open({ ...options, onProgress });
    expect([stages > 0, changed.length]).toEqual([true, 2]);
  });

  it("may have long names and numbers in other forms", async () => {
    const long = `${"folder/".repeat(30)}0.jpg`;
    const picture = await tinyJpeg(0);
    const pax = Buffer.from(`${long.length + 10} path=${long}\n`);
    const gnu = Buffer.from(`${long.replace(".jpg", ".cls")}\0`);
    const base256 = Buffer.from(tarHeader("x", { size: 0, type: "0" }));
    // The size as a binary number, and the sum that this changes.
    base256.fill(0, 124, 136).writeUInt8(0x80, 124);
    base256.writeUInt32BE(1, 132);
    base256.write("        ", 148);
    const sum = base256.reduce((sum, byte) => sum + byte, 0);
    base256.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    writeFiles(folder.path, {
      "a.tar": Buffer.concat([
        tarHeader("pax", { size: pax.length, type: "x" }),
        padded(pax),
        tarHeader("0.jpg", { size: picture.length, type: "0" }),
        padded(picture),
        tarHeader("././@LongLink", { size: gnu.length, type: "L" }),
        padded(gnu),
        base256,
        padded(Buffer.from("0")),
        new Uint8Array(1024),
      ]),
    });
    await using set = await open();
    expect((await set.picture(0)).key).toBe(`a.tar/${long}`);
    expect(await set.read(0)).toEqual(new Uint8Array(picture));
  });

  it("that are cut off anywhere, or are none, are refused by name", async () => {
    const whole = tarOf([
      ["0.cls", "0"],
      ["0.jpg", await tinyJpeg(0)],
    ]);
    const cuts = [
      [whole.subarray(0, whole.length - 1024), "without the empty block that ends an archive"],
      [whole.subarray(0, 1600), "but the file ends at 1600: it was cut off"],
      [whole.subarray(0, 1100), "it was cut off"],
      [whole.subarray(0, 0), "found 0 bytes"],
      [Buffer.alloc(4096, "something else"), "found no header at byte 0"],
    ] as const;
    for (const [bytes, message] of cuts) {
      writeFiles(folder.path, { "a.tar": bytes });
      await expect(open()).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringMatching(new RegExp(`a\\.tar: expected a tar archive.*${message}`)),
      });
    }
  });

  it("with samples that lack a picture or a label, or have a wrong one, are refused", async () => {
    const picture = await tinyJpeg(0);
    const cases = [
      [[["0.jpg", picture]], 'found no label (.cls, or label in .json) for "0"'],
      [[["0.cls", "0"]], 'found no picture for "0"'],
      [
        [
          ["0.jpg", picture],
          ["0.cls", "2"],
        ],
        'expected a label from 0 to 1, found "2" for "0" in a.tar',
      ],
      [
        [
          ["0.jpg", picture],
          ["0.json", "{"],
        ],
        'expected JSON in "0.json"',
      ],
    ] as const;
    for (const [members, message] of cases) {
      writeFiles(folder.path, { "a.tar": tarOf(members), "classes.txt": "cat\ndog" });
      await expect(open()).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringContaining(message),
      });
    }
  });
});
