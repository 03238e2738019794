import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { imagenetWnids, knownSet } from "@internvit/eval";
import { openClassificationSet } from "@internvit/eval/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { temporaryFolder, tinyJpeg, writeFiles } from "./write-sets.ts";

let folder: ReturnType<typeof temporaryFolder>;
let picture: Uint8Array;
beforeEach(async () => {
  folder = temporaryFolder();
  picture = await tinyJpeg(0);
});
afterEach(() => folder[Symbol.dispose]());

function write(files: Readonly<Record<string, string | true>>): void {
  writeFiles(
    folder.path,
    Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, content === true ? picture : content]),
    ),
  );
}

async function labelled(spec: string, options = {}): Promise<readonly string[]> {
  await using set = await openClassificationSet(`${spec}=${folder.path}`, options);
  const pictures = await Promise.all(
    Array.from({ length: set.length }, (_, index) => set.picture(index)),
  );
  return pictures.map(({ key, labels }) => `${key} ${labels.join(",")}`.trim());
}

const open = (spec: string, options = {}) =>
  openClassificationSet(`${spec}=${folder.path}`, options);

describe("class folders", () => {
  it("are classes in the order of their names, with the pictures in them and below", async () => {
    write({
      "val/dog/b.png": true,
      "val/dog/a/x.JPG": true,
      "val/dog/.hidden.jpg": true,
      "val/dog/notes.txt": "no picture",
      "val/cat/z.jpeg": true,
      "train/cat/1.jpg": true,
    });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    expect(set).toMatchObject({
      name: "pets",
      layout: "folders",
      origin: join(folder.path, "val"),
      classes: ["cat", "dog"],
      classCounts: [1, 2],
      passedOver: { count: 1, examples: ["dog/notes.txt"] },
    });
    expect(await labelled("pets")).toEqual(["cat/z.jpeg 0", "dog/a/x.JPG 1", "dog/b.png 1"]);
    expect(await set.read(1)).toEqual(new Uint8Array(picture));
    expect(await labelled("pets", { split: "train" })).toEqual(["cat/1.jpg 0"]);
  });

  it("have the labels of the training set, also where a class is missing", async () => {
    write({ "dog/a.jpg": true });
    await using set = await openClassificationSet(`pets=${folder.path}`, {
      classes: ["cat", "dog"],
    });
    expect(set.classCounts).toEqual([0, 1]);
    await expect(open("pets", { classes: ["cat", "owl"] })).rejects.toMatchObject({
      code: "invalid-data",
      message: `${folder.path}: expected class folders of 2 classes "cat", "owl", found "dog", which is none of them`,
    });
  });

  it("may be called like parts of a set", async () => {
    write({ "train/a.jpg": true, "plane/b.jpg": true });
    const expected = ["plane/b.jpg 0", "train/a.jpg 1"];
    expect(await labelled("vehicles", { split: "train" })).toEqual(expected);
    write({ "data/c.jpg": true });
    expect(await labelled("vehicles")).toHaveLength(3);
  });

  it("may be links, but not into themselves", async () => {
    write({ "cat/a.jpg": true });
    symlinkSync(join(folder.path, "cat"), join(folder.path, "cat", "again"));
    symlinkSync(join(folder.path, "cat"), join(folder.path, "dog"));
    expect(await labelled("pets")).toEqual(["cat/a.jpg 0", "dog/a.jpg 1"]);
  });

  it("that are empty are classes without pictures; without any picture it is no set", async () => {
    write({ "cat/a.jpg": true, "dog/notes.txt": "" });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    expect(set.classCounts).toEqual([1, 0]);
  });

  it("name a picture that is gone", async () => {
    write({ "cat/a.jpg": true });
    symlinkSync(join(folder.path, "nowhere"), join(folder.path, "cat", "b.jpg"));
    await using set = await openClassificationSet(`pets=${folder.path}`);
    await expect(set.read(1)).rejects.toMatchObject({
      code: "not-found",
      message: `${join(folder.path, "cat", "b.jpg")} cannot be read: there is no such file or folder`,
    });
  });
});

describe("sets that are known by name", () => {
  it("ImageNet-1K has class folders for training", async () => {
    write({ "train/n01440764/a.JPEG": true, "train/n01484850/b.JPEG": true });
    // A class folder that is missing shifts no label.
    expect(await labelled("imagenet-1k", { split: "train" })).toEqual([
      "n01440764/a.JPEG 0",
      "n01484850/b.JPEG 2",
    ]);
  });

  it("ImageNet-1K's flat val has its labels in a list", async () => {
    write({
      "val/ILSVRC2012_val_00000001.JPEG": true,
      "val/ILSVRC2012_val_00000002.JPEG": true,
      "meta_data/val.txt": "ILSVRC2012_val_00000001.JPEG 65\nILSVRC2012_val_00000002.JPEG 970\n",
    });
    const expected = ["ILSVRC2012_val_00000001.JPEG 65", "ILSVRC2012_val_00000002.JPEG 970"];
    expect(await labelled("imagenet-1k")).toEqual(expected);
    // What else lies there does not matter.
    write({ "LOC_val_solution.csv": "ImageId,PredictionString" });
    expect(await labelled("imagenet-1k")).toEqual(expected);
    await using set = await openClassificationSet(`imagenet-1k=${join(folder.path, "val")}`);
    expect(set).toMatchObject({ layout: "list", length: 2 });
    expect(set.classes).toEqual(imagenetWnids());
  });

  it("a list may begin with a byte order mark", async () => {
    write({ "a.jpg": true, "b.jpg": true, "val.txt": "\uFEFFb.jpg 1\na.jpg 0\n" });
    expect(await labelled("pets")).toEqual(["b.jpg 1", "a.jpg 0"]);
  });

  it("ImageNet-1K's list is refused with a picture that is not there, or a wrong line", async () => {
    write({ "val/a.JPEG": true, "val.txt": "a.JPEG 0\nb.JPEG 1\nc.JPEG 2\n" });
    await expect(open("imagenet-1k")).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(
        /val\.txt: expected the pictures that it names, found no file for 2 of them: "b\.JPEG, line 2", "c\.JPEG, line 3"/,
      ),
    });
    write({ "val.txt": "a.JPEG 1000\n" });
    await expect(open("imagenet-1k")).rejects.toThrow(
      /val\.txt:1: expected a label out of numbers from 0 to 999, found 1000 for a\.JPEG/,
    );
    write({ "val.txt": "a.JPEG\n" });
    await expect(open("imagenet-1k")).rejects.toThrow(/val\.txt:1: expected "relativePath label"/);
  });

  it("ImageNet-V2's folders are numbers that are the labels", async () => {
    write({
      "ImageNetV2-matched-frequency/10/a.jpeg": true,
      "ImageNetV2-matched-frequency/9/b.jpeg": true,
    });
    expect(await labelled("imagenet-v2")).toEqual(["10/a.jpeg 10", "9/b.jpeg 9"]);
    write({ "ImageNetV2-matched-frequency/1000/a.jpeg": true });
    await expect(open("imagenet-v2")).rejects.toThrow(/found "1000", which is none of them/);
  });

  it("ImageNet-A and ImageNet-R have 200 classes and their columns", async () => {
    write({ "n01498041/a.jpg": true, "n12267677/b.jpg": true });
    for (const name of ["imagenet-a", "imagenet-r"] as const) {
      await using set = await openClassificationSet(`${name}=${folder.path}`);
      const { columns, classes } = knownSet(name)!;
      expect(set.columns).toEqual(columns);
      expect(set.classes).toEqual(classes);
      const { labels } = await set.picture(0);
      expect(columns![labels[0]!]).toBe(6);
    }
  });

  it("ImageNet-A is refused with an unknown WordNet id", async () => {
    write({ "n01498041/a.jpg": true, "n01440764/b.jpg": true, "n99999999/c.jpg": true });
    await expect(open("imagenet-a")).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining('found "n01440764", "n99999999", which are none of them'),
    });
  });

  it("ImageNet-A is refused with numbers for labels, and for training", async () => {
    write({ "a.jpg": true, "val.txt": "a.jpg 3" });
    await expect(open("imagenet-a")).rejects.toMatchObject({ code: "unsupported" });
    await expect(open("imagenet-a", { split: "train" })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("ImageNet-Sketch has the 1000 classes", async () => {
    write({ "sketch/n01440764/a.JPEG": true });
    expect(await labelled("imagenet-sketch")).toEqual(["n01440764/a.JPEG 0"]);
  });

  it("are refused with a training set of other classes", async () => {
    write({ "n01498041/a.jpg": true });
    await expect(open("imagenet-a", { classes: ["cat", "dog"] })).rejects.toMatchObject({
      code: "mismatch",
    });
    await using set = await openClassificationSet(`imagenet-a=${folder.path}`, {
      classes: imagenetWnids(),
    });
    expect(set.length).toBe(1);
  });
});

function lists(first: readonly unknown[], length = 50_000): string {
  return JSON.stringify([...first, ...Array.from({ length: length - first.length }, () => [])]);
}

describe("ImageNet-ReaL", () => {
  it("has labels by the number of the picture, in whatever layout", async () => {
    write({
      "val/ILSVRC2012_val_00000002.JPEG": true,
      "val/ILSVRC2012_val_00000003.JPEG": true,
      "real.json": lists([[1], [2, 3]]),
    });
    await using set = await openClassificationSet(`imagenet-real=${folder.path}`);
    expect(await labelled("imagenet-real")).toEqual([
      "ILSVRC2012_val_00000002.JPEG 2,3",
      "ILSVRC2012_val_00000003.JPEG",
    ]);
    expect(set).toMatchObject({ length: 2, scored: 1 });
    expect(set.classCounts.slice(0, 5)).toEqual([0, 0, 1, 1, 0]);
    expect(set.listHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is refused with a file of another length, a label out of range, or none", async () => {
    write({ "val/ILSVRC2012_val_00000001.JPEG": true });
    await expect(open("imagenet-real")).rejects.toMatchObject({ code: "not-found" });
    write({ "meta_data/real.json": lists([[1]], 49_999) });
    await expect(open("imagenet-real")).rejects.toThrow(
      /real\.json: expected a list of 50000 lists.*49999 lists/,
    );
    write({ "meta_data/real.json": lists([[1000]]) });
    await expect(open("imagenet-real")).rejects.toThrow(/at entry 0, 0/);
    write({ "meta_data/real.json": "[[1]," });
    await expect(open("imagenet-real")).rejects.toThrow(/found no JSON/);
  });

  it("is refused with pictures that have no number, or the same one", async () => {
    write({ "val/a.JPEG": true, "real.json": lists([]) });
    await expect(open("imagenet-real")).rejects.toThrow(/found a\.JPEG/);
    write({
      "other/n01440764/ILSVRC2012_val_00000001.JPEG": true,
      "other/n01443537/ILSVRC2012_val_00000001.JPEG": true,
    });
    await expect(
      openClassificationSet(`imagenet-real=${join(folder.path, "other")}`),
    ).rejects.toThrow(/found number 1 again: n01443537/);
  });
});

describe("a CSV", () => {
  it("has paths from its folder and names of classes", async () => {
    write({
      "pictures/a.jpg": true,
      'pictures/b "x", y.jpg': true,
      "labels.csv":
        '\uFEFFid,Label,path\r\n1,dog,pictures/a.jpg\r\n2,cat,"pictures/b ""x"", y.jpg"\r\n\r\n',
    });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    expect(set).toMatchObject({ layout: "csv", classes: ["cat", "dog"], classCounts: [1, 1] });
    expect(await labelled("pets")).toEqual(["pictures/a.jpg 1", 'pictures/b "x", y.jpg 0']);
    expect(await set.read(1)).toEqual(new Uint8Array(picture));
  });

  it("of whole numbers has them as labels", async () => {
    write({ "a.jpg": true, "b.jpg": true, "val.csv": "path,label\na.jpg,10\nb.jpg,9\n" });
    await using set = await openClassificationSet(`pets=${join(folder.path, "val.csv")}`);
    expect(set.classes).toHaveLength(11);
    expect(await labelled("pets")).toEqual(["a.jpg 10", "b.jpg 9"]);
  });

  it("is refused with a wrong header, row, label or picture", async () => {
    write({ "a.jpg": true });
    const cases = [
      ["file,class\na.jpg,0\n", {}, /:1: expected a header with the columns path and label/],
      ["", {}, /found an empty file/],
      ["path,label\na.jpg\n", {}, /:2: expected a path and a label, found "a\.jpg"/],
      ["path,label\na.jpg,3\n", { classes: ["0", "1", "2"] }, /:2: expected a label out of/],
      ["path,label\na.jpg,4000000\n", {}, /expected labels below 1000000, found 4000000/],
      ["path,label\nb.jpg,0\n", {}, /found no file for one of them: "b\.jpg, line 2"/],
      ['path,label\n"a.jpg,0\n', {}, /a quoted field without its end/],
    ] as const;
    for (const [csv, options, message] of cases) {
      write({ "val.csv": csv });
      await expect(open("pets", options)).rejects.toThrow(message);
    }
  });
});

describe("what is no set", () => {
  it("is refused with what was expected and what was found", async () => {
    await expect(open("pets")).rejects.toThrow(/expected class folders.*found an empty folder/);
    write({ "readme.md": "", "model.bin": "" });
    await expect(open("pets")).rejects.toThrow(/found model\.bin, readme\.md$/);
    write({ "a.jpg": true });
    await expect(open("pets")).rejects.toThrow(
      /the pictures lie side by side, so a list must say their labels/,
    );
    await expect(openClassificationSet(`pets=${folder.path}/none`)).rejects.toThrow(
      /found nothing/,
    );
    await expect(openClassificationSet(`pets=${folder.path}/a.jpg`)).rejects.toMatchObject({
      code: "unsupported",
    });
    write({ "a.tar": "", "a.parquet": "" });
    await expect(open("pets")).rejects.toThrow(/expected Parquet files or tar files, found both/);
  });

  it("leaves nothing behind", async () => {
    const cache = join(folder.path, "cache");
    write({ "set/cat/a.jpg": true, "bad/labels.csv": "no,header" });
    const set = await openClassificationSet(`pets=${join(folder.path, "set")}`, { cache });
    await set.dispose();
    await set.dispose();
    await expect(
      openClassificationSet(`pets=${join(folder.path, "bad")}`, { cache }),
    ).rejects.toThrow("expected a header");
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });
});
