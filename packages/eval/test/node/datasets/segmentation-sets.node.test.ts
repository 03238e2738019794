import { isEvalError, readSegmentationSample, type SegmentationSet } from "@internvit/eval";
import {
  checkHeaders,
  checkSegmentation,
  findSharedPictures,
  openSegmentationSet,
  type OpenSegmentationOptions,
} from "@internvit/eval/node";
import { decodeImage } from "@internvit/preprocess/sharp";
import { dataDirectory } from "@internvit/test-kit";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { pngOf } from "../png/write-png.ts";
import { temporaryFolder, tinyJpeg, writeFiles } from "./write-sets.ts";

const CLASSES = { "classes.txt": "sky\nroad\ncar\n" };

let folder: ReturnType<typeof temporaryFolder>;
let jpeg: Uint8Array;
beforeEach(async () => {
  folder = temporaryFolder();
  jpeg = await tinyJpeg(0);
});
afterEach(() => folder[Symbol.dispose]());

/** Labels of 8 by 8 pixels with these values in turn. */
function labels(...values: readonly number[]): Uint8Array {
  const all = Array.from({ length: 64 }, (_, i) => values[i % values.length]!);
  return pngOf({ width: 8, height: 8, values: all, filterOf: (line) => line % 5 });
}

async function failure(
  spec: string,
  options: OpenSegmentationOptions = {},
): Promise<readonly [string, string]> {
  try {
    await (await openSegmentationSet(spec, options)).dispose();
  } catch (error) {
    if (isEvalError(error)) return [error.code, error.message.replaceAll(folder.path, "")];
    throw error;
  }
  return ["", ""];
}

async function keysOf(set: SegmentationSet): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let i = 0; i < set.length; i++) keys.push((await set.picture(i)).key);
  return keys;
}

/** The first labels of a picture. */
async function labelsOf(set: SegmentationSet, count: number, index = 0): Promise<number[]> {
  return [...(await set.readLabel(index)).data.subarray(0, count)];
}

const decode = async (bytes: Uint8Array<ArrayBuffer>, options: { readonly subject: string }) =>
  (await decodeImage(bytes, options)).image;

describe("ADE20K", () => {
  it("is read from its archive's folders, with the zero label reduced", async () => {
    for (const [part, name] of [
      ["training", "ADE_train_1"],
      ["validation", "ADE_val_1"],
    ] as const) {
      writeFiles(`${folder.path}/ADEChallengeData2016`, {
        [`images/${part}/${name}.jpg`]: jpeg,
        [`annotations/${part}/${name}.png`]: labels(0, 1, 150, 255),
      });
    }
    for (const path of [folder.path, `${folder.path}/ADEChallengeData2016`]) {
      await using train = await openSegmentationSet(`ade20k=${path}`, { split: "train" });
      await using val = await openSegmentationSet({ name: "ade20k", path });
      expect([await keysOf(train), await keysOf(val)]).toEqual([
        ["ADE_train_1.jpg"],
        ["ADE_val_1.jpg"],
      ]);
      expect(await labelsOf(val, 4)).toEqual([255, 0, 149, 255]);
      expect(val.classes).toHaveLength(150);
      expect(val.origin).toBe(`${folder.path}/ADEChallengeData2016/images/validation`);
    }
    expect(await failure(`ade20k=${folder.path}`, { classes: ["a"] })).toEqual([
      "invalid-argument",
      "ade20k has its own classes and ignored labels",
    ]);
  });

  it("names labels that are none of its classes", async () => {
    writeFiles(folder.path, {
      "images/validation/a.jpg": jpeg,
      "annotations/validation/a.png": labels(1, 151),
    });
    await using set = await openSegmentationSet(`ade20k=${folder.path}`);
    await expect(set.readLabel(0)).rejects.toMatchObject({
      code: "invalid-data",
      subject: "a.png",
      message:
        "a.png: expected the values of 150 classes, 1 to 150, or 0 or 255 for none, found 151 in 32 pixels, first at column 1, row 0",
    });
  });
});

describe("COCO-Stuff-164K", () => {
  it("is read from train ids, and from the published pixel maps to the same labels", async () => {
    writeFiles(folder.path, {
      "ids/images/val2017/1.jpg": jpeg,
      "ids/annotations/val2017/1_labelTrainIds.png": labels(0, 11, 80, 170, 255),
      // What the ids were made of lies beside them.
      "ids/annotations/val2017/1.png": labels(0, 12, 91, 181, 255),
      "maps/images/val2017/1.jpg": jpeg,
      "maps/annotations/val2017/1.png": labels(0, 12, 91, 181, 255),
      "archives/val2017/1.jpg": jpeg,
      "archives/stuffthingmaps_trainval2017/val2017/1.png": labels(0, 12, 91, 181, 255),
      "archives/annotations/stuff_val2017.json": "{}",
    });
    const hashes = new Set<string>();
    for (const name of ["ids", "maps", "archives"]) {
      await using set = await openSegmentationSet(`coco-stuff-164k=${folder.path}/${name}`);
      expect(await labelsOf(set, 5)).toEqual([0, 11, 80, 170, 255]);
      expect(set.unusedLabels.count).toBe(0);
      hashes.add(set.listHash);
    }
    expect(hashes.size).toBe(1);
  });

  it("refuses ids that no class has, and train ids for a part of the pictures", async () => {
    writeFiles(folder.path, {
      "images/val2017/1.jpg": jpeg,
      "annotations/val2017/1.png": labels(0, 90, 182),
      "half/images/val2017/1.jpg": jpeg,
      "half/images/val2017/2.jpg": jpeg,
      "half/annotations/val2017/1.png": labels(0),
      "half/annotations/val2017/2.png": labels(0),
      "half/annotations/val2017/1_labelTrainIds.png": labels(0),
    });
    await using set = await openSegmentationSet(`coco-stuff-164k=${folder.path}`);
    await expect(set.readLabel(0)).rejects.toThrow("found 90, 182 in 42 pixels");
    expect(await failure(`coco-stuff-164k=${folder.path}/half`)).toEqual([
      "not-found",
      '/half/annotations/val2017: expected a label picture "…_labelTrainIds.png" for each of the 2 pictures in /half/images/val2017, found none for 1 of them: "2.jpg"',
    ]);
  });
});

describe("a set of one's own", () => {
  it("is a folder of pictures and one of labels, in several arrangements", async () => {
    for (const [pictures, labelFolder] of [
      ["val", "valannot"],
      ["images/val", "labels/val"],
      ["images/validation", "annotations/validation"],
      ["test/images", "test/masks"],
    ]) {
      using own = temporaryFolder();
      writeFiles(own.path, {
        ...CLASSES,
        [`${pictures}/b.jpg`]: jpeg,
        [`${pictures}/city/a.jpg`]: jpeg,
        [`${pictures}/notes.txt`]: "",
        [`${labelFolder}/b.png`]: labels(0, 1, 2, 255),
        [`${labelFolder}/city/a.png`]: labels(2),
        [`${labelFolder}/city/other.png`]: labels(2),
      });
      await using set = await openSegmentationSet(`mine=${own.path}`);
      expect(await keysOf(set)).toEqual(["b.jpg", "city/a.jpg"]);
      expect([await labelsOf(set, 4), await labelsOf(set, 1, 1)]).toEqual([[0, 1, 2, 255], [2]]);
      expect(set.classes).toEqual(["sky", "road", "car"]);
      expect(set.passedOver).toEqual({ count: 1, examples: ["notes.txt"] });
      expect(set.unusedLabels).toEqual({ count: 1, examples: ["city/other.png"] });
      expect(await set.byteLength(1)).toBe((await set.read(1)).byteLength);
    }
  });

  it("takes an ignored value out of its classes, wherever it stands", async () => {
    writeFiles(folder.path, { "val/a.jpg": jpeg, "valannot/a.png": labels(0, 1, 2, 3, 255) });
    const classes = ["void", "sky", "road", "car"];
    await using first = await openSegmentationSet(`x=${folder.path}`, { classes, ignored: 0 });
    expect(first.classes).toEqual(["sky", "road", "car"]);
    expect(await labelsOf(first, 5)).toEqual([255, 0, 1, 2, 255]);
    await using inside = await openSegmentationSet(`x=${folder.path}`, { classes, ignored: 2 });
    expect(inside.classes).toEqual(["void", "sky", "car"]);
    expect(await labelsOf(inside, 5)).toEqual([0, 1, 255, 2, 255]);
    const three = classes.slice(1);
    await using beyond = await openSegmentationSet(`x=${folder.path}`, {
      classes: three,
      ignored: 3,
    });
    expect(beyond.classes).toEqual(three);
    expect(await labelsOf(beyond, 5)).toEqual([0, 1, 2, 255, 255]);
    expect(await failure(`x=${folder.path}`, { classes, ignored: -1 })).toEqual([
      "invalid-argument",
      "expected values of labels from 0 to 65535, each once, found -1",
    ]);
  });

  it("reads palettes as indices and 16 bits as they are", async () => {
    const values = Array.from({ length: 64 }, (_, i) => i % 3);
    const size = { width: 8, height: 8, values };
    writeFiles(folder.path, {
      ...CLASSES,
      "val/a.jpg": jpeg,
      "val/b.jpg": jpeg,
      "val/c.jpg": jpeg,
      "valannot/a.png": pngOf({ ...size, colorType: 3 }),
      "valannot/b.png": pngOf({ ...size, colorType: 3, bitDepth: 2, interlaced: true }),
      "valannot/c.png": pngOf({ ...size, bitDepth: 16 }),
    });
    await using set = await openSegmentationSet(`x=${folder.path}`);
    for (let i = 0; i < 3; i++) expect(await labelsOf(set, 64, i)).toEqual(values);
  });

  it("is refused where something is missing or could be meant twice", async () => {
    const spec = `x=${folder.path}`;
    expect(await failure(spec)).toMatchObject([
      "not-found",
      expect.stringContaining('"val with valannot"'),
    ]);
    writeFiles(folder.path, { "val/a.jpg": jpeg, "valannot/a.png": labels(0) });
    expect(await failure(spec)).toEqual([
      "not-found",
      "the class names /classes.txt cannot be read: there is no such file or folder",
    ]);
    writeFiles(folder.path, { ...CLASSES, "val/b.jpg": jpeg });
    expect(await failure(spec)).toMatchObject([
      "not-found",
      expect.stringContaining('of them: "b.jpg"'),
    ]);
    writeFiles(folder.path, { "valannot/b.png": labels(0), "val/b.png": jpeg });
    expect(await failure(spec)).toEqual([
      "invalid-data",
      "/val: expected one picture for each label picture, found two for b.png, such as b.png",
    ]);
    writeFiles(folder.path, { "images/val/a.jpg": jpeg, "masks/val/a.png": labels(0) });
    expect(await failure(spec)).toMatchObject([
      "invalid-data",
      expect.stringContaining("expected one pair of folders"),
    ]);
    writeFiles(folder.path, { "empty/val/notes.txt": "", "empty/valannot/a.png": labels(0) });
    const classes = ["sky"];
    expect(await failure(`x=${folder.path}/empty`, { classes })).toEqual([
      "not-found",
      "/empty/val: expected pictures, found none",
    ]);
    writeFiles(folder.path, { "train/a.jpg": jpeg, "trainannot/a.png": labels(0) });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(openSegmentationSet(spec, { signal, split: "train" })).rejects.toThrow("enough");
  });
});

describe("pictures with labels", () => {
  it("are checked, and those that are wrong are named with the reason", async () => {
    const picture = { create: { width: 8, height: 8, channels: 3, background: "red" } } as const;
    const files: Record<string, Uint8Array> = {};
    for (const name of "abcdefgh") files[`val/${name}.jpg`] = jpeg;
    const mixed = labels(0, 1, 1, 255);
    writeFiles(folder.path, {
      ...CLASSES,
      ...files,
      "val/b.jpg": jpeg.subarray(0, 200),
      "valannot/a.png": mixed,
      "valannot/b.png": labels(0),
      "valannot/c.png": labels(0).subarray(0, 60),
      "valannot/d.png": pngOf({ width: 4, height: 8, values: new Uint8Array(32) }),
      "valannot/e.png": labels(0, 3),
      "valannot/f.png": await sharp(picture).png().toBuffer(),
      "valannot/g.png": labels(255),
      "valannot/h.png": await sharp(picture).jpeg().toBuffer(),
    });
    await using set = await openSegmentationSet(`mine=${folder.path}`);
    let done = 0;
    const check = await checkSegmentation(set, { pictures: "all", onProgress: () => done++ });
    expect([done, check.checked, check.badCount]).toEqual([8, 8, 6]);
    expect(check.bad.map(({ key, code }) => [key, code])).toEqual([
      ["b.jpg", "malformed"],
      ["c.jpg", "invalid-data"],
      ["d.jpg", "mismatch"],
      ["e.jpg", "invalid-data"],
      ["f.jpg", "unsupported"],
      ["h.jpg", "invalid-data"],
    ]);
    expect(check.bad[2]!.message).toBe(
      "d.jpg: expected labels of the picture's 8x8 pixels, found 4x8",
    );
    expect(check.classPixels).toEqual([16, 32, 0]);
    expect(check.ignoredPixels).toBe(80);
    expect(check.allIgnored).toEqual({ count: 1, examples: ["g.jpg"] });
    expect(await findSharedPictures({ train: set, val: set }, { pictures: "all" })).toMatchObject({
      checked: 8,
      unread: 0,
    });
  });

  it("are compared by their headers alone, as far as those tell", async () => {
    const turned = await sharp({ create: { width: 6, height: 8, channels: 3, background: "red" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    writeFiles(folder.path, {
      ...CLASSES,
      "val/a.jpg": jpeg,
      "val/b.jpg": jpeg,
      "val/c.jpg": jpeg,
      "val/d.jpg": turned,
      "val/e.jpg": "no picture",
      "val/f.jpg": jpeg,
      // What is wrong behind the header is not seen.
      "valannot/a.png": labels(9).subarray(0, 60),
      "valannot/b.png": pngOf({ width: 4, height: 8, values: new Uint8Array(32) }),
      "valannot/c.png": await sharp({
        create: { width: 8, height: 8, channels: 3, background: "red" },
      })
        .png()
        .toBuffer(),
      "valannot/d.png": pngOf({ width: 8, height: 6, values: new Uint8Array(48) }),
      "valannot/e.png": labels(0),
      "valannot/f.png": labels(0).subarray(0, 20),
    });
    await using set = await openSegmentationSet(`mine=${folder.path}`);
    const check = await checkHeaders(set, { pictures: "all" });
    expect(check.bad.map(({ key, code, message }) => [key, code, message])).toEqual([
      ["b.jpg", "mismatch", "b.jpg: expected labels of the picture's 8x8 pixels, found 4x8"],
      [
        "c.jpg",
        "unsupported",
        "c.png: expected labels as a grey or palette PNG, found colours (RGB)",
      ],
      ["e.jpg", "unsupported", expect.stringMatching(/^e\.jpg: expected .* found 10 bytes/)],
      ["f.jpg", "invalid-data", "f.png: expected a PNG of labels, found no header"],
    ]);
    const ignored = await checkHeaders(set, { pictures: "all", orientation: "ignore" });
    expect(ignored.bad.map(({ key }) => key)).toEqual([
      "b.jpg",
      "c.jpg",
      "d.jpg",
      "e.jpg",
      "f.jpg",
    ]);
  });

  it("are turned as EXIF says, labels never", async () => {
    const values = Array.from({ length: 8 * 6 }, (_, i) => i % 3);
    const turned = await sharp({
      create: { width: 6, height: 8, channels: 3, background: "red" },
    })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    writeFiles(folder.path, {
      ...CLASSES,
      "val/a.jpg": turned,
      "valannot/a.png": pngOf({ width: 8, height: 6, values }),
    });
    await using set = await openSegmentationSet(`mine=${folder.path}`);
    const { image, label } = await readSegmentationSample(set, { index: 0, decode });
    expect([image.width, image.height]).toEqual([8, 6]);
    expect([...label.data]).toEqual(values);
    const stored = readSegmentationSample(set, { index: 0, decode, orientation: "ignore" });
    await expect(stored).rejects.toMatchObject({ code: "mismatch" });
  });
});

const camvid = dataDirectory("camvid");

describe.skipIf(camvid === undefined)(
  `CamVid${camvid === undefined ? " (skipped: no folder of shared data, INTERNVIT_DATA)" : ""}`,
  () => {
    it("is whole, and every label is one of eleven classes or ignored", async () => {
      const classes = Array.from({ length: 11 }, (_, label) => String(label));
      const options = { classes, ignored: 11 };
      const spec = `camvid=${camvid}`;
      await using train = await openSegmentationSet(spec, { ...options, split: "train" });
      await using val = await openSegmentationSet(spec, options);
      expect([train.length, val.length]).toEqual([62, 21]);
      const checks = [
        await checkSegmentation(train, { pictures: "all" }),
        await checkSegmentation(val, { pictures: "all" }),
      ];
      expect(checks.map(({ badCount, allIgnored }) => badCount + allIgnored.count)).toEqual([0, 0]);
      // Counted by numpy over Pillow's reading of the same 83 files.
      const pixels = classes.map((_, c) => checks[0]!.classPixels[c]! + checks[1]!.classPixels[c]!);
      expect(pixels).toEqual([
        2_094_966, 3_518_138, 127_956, 4_424_667, 794_274, 1_656_988, 142_932, 234_030, 705_307,
        84_191, 113_773,
      ]);
      expect(checks[0]!.ignoredPixels + checks[1]!.ignoredPixels).toBe(445_178);
      await using strict = await openSegmentationSet(spec, { classes });
      await expect(strict.readLabel(0)).rejects.toThrow("found 11 in ");
    });
  },
);
