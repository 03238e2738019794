import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const PICTURES = ["photo-444.jpg", "photo-420.jpg", "odd-size.jpg", "gray.jpg"];

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder[Symbol.dispose]());

/** Copies the picture of this number to a path in the folder. */
function put(path: string, number: number): void {
  mkdirSync(join(folder.path, path, ".."), { recursive: true });
  copyFileSync(fixturePath("images", PICTURES[number]!), join(folder.path, path));
}

function verify(...args: readonly string[]) {
  const env = { INTERNVIT_CACHE: join(folder.path, "cache") };
  return runCli(["data", "verify", ...args], { env, cwd: folder.path });
}

describe("data verify", () => {
  it("says that sets are as they should be", async () => {
    put("pets/train/cat/a.jpg", 0);
    put("pets/train/dog/b.jpg", 1);
    put("pets/val/cat/c.jpg", 2);
    put("pets/val/dog/d.jpg", 3);
    const finished = await verify("pets=pets", "--train", "pets=pets");
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toBe(
      [
        `pets  train  ${join(folder.path, "pets", "train")}  folders`,
        "  2 pictures",
        "  2 of 2 classes, 1 picture each",
        "  decoded 2",
        "  ok",
        `pets  val  ${join(folder.path, "pets", "val")}  folders`,
        "  2 pictures",
        "  2 of 2 classes, 1 picture each",
        "  decoded 2",
        "  looked for 2 in the training set: none is there",
        "  ok",
        "",
      ].join("\n"),
    );
  });

  it("names what is wrong, and still looks at the other sets", async () => {
    put("train/cat/a.jpg", 0);
    put("train/dog/b.jpg", 1);
    put("val/cat/same.jpg", 0);
    put("val/cat/cut.jpg", 2);
    truncateSync(join(folder.path, "val/cat/cut.jpg"), 300);
    writeFileSync(join(folder.path, "val/cat/notes.txt"), "");
    put("more/owl/a.jpg", 3);
    const sets = ["pets=val", "more=more", "gone=nowhere"];
    const finished = await verify(...sets, "--train", "pets=train", "--json");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^failed: \w+: \S+\/cat\/cut\.jpg: expected a whole JPEG/m);
    expect(finished.stderr).toContain("error: 3 of 4 data sets not as expected");
    const { sets: found, ...result } = eventsOf(finished).at(-1) as unknown as {
      readonly sets: readonly {
        readonly problems: readonly { readonly code: string; readonly message: string }[];
      }[];
    };
    expect(result).toMatchObject({ event: "result", command: "data verify", ok: false });
    expect(found.map(({ problems }) => problems.map(({ code }) => code))).toEqual([
      [],
      ["empty-class", "bad-pictures", "shared-pictures"],
      ["invalid-data"],
      ["not-found"],
    ]);
    expect(found[1]).toMatchObject({
      set: "pets=val",
      split: "val",
      layout: "folders",
      pictures: 2,
      classes: { cat: 2, dog: 0 },
      passedOver: { count: 1, examples: ["cat/notes.txt"] },
      bad: 1,
      badPictures: [{ key: "cat/cut.jpg", code: "malformed" }],
      sharedPictures: [{ train: "cat/a.jpg", val: "cat/same.jpg" }],
    });
    expect(found[1]!.problems[0]!.message).toBe("pets: 1 class has no pictures in val: dog");
    expect(found[2]!.problems[0]!.message).toContain('found "owl", which is none of them');
  });

  it("compares known sets with what was published", async () => {
    put("imagenet-a/n01498041/a.jpg", 0);
    const finished = await verify("imagenet-a=imagenet-a");
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain("1 picture of 7,500\n");
    expect(finished.stdout).toContain(
      "PROBLEM imagenet-a: expected 7,500 pictures in val, found 1: 7,499 missing",
    );
    expect(finished.stdout).toContain("199 of 200 classes have no pictures in val: n01531178,");
    put("imagenet-a/n00000000/a.jpg", 0);
    const unknown = await verify("imagenet-a=imagenet-a");
    expect(unknown.stdout).toContain('found "n00000000", which is none of them');
    rmSync(join(folder.path, "imagenet-a"), { recursive: true });
  });

  it("compares segmentation sets with what was published, and names labels that are wrong", async () => {
    const picture = { width: 8, height: 6, channels: 3 } as const;
    const write = async (path: string, values: readonly number[] | undefined): Promise<void> => {
      const { width, height } = picture;
      const pixels = Uint8Array.from(
        { length: width * height },
        (_, i) => values?.[i % values.length] ?? 0,
      );
      const image =
        values === undefined
          ? sharp({ create: { ...picture, background: "red" } }).jpeg()
          : sharp(pixels, { raw: { width, height, channels: 1 } })
              .toColourspace("b-w")
              .png();
      mkdirSync(join(folder.path, path, ".."), { recursive: true });
      await image.toFile(join(folder.path, path));
    };
    for (const name of ["a", "b", "c"]) await write(`ade/images/validation/${name}.jpg`, undefined);
    await write("ade/annotations/validation/a.png", [1, 2, 0]);
    await write("ade/annotations/validation/b.png", [151]);
    await write("ade/annotations/validation/c.png", [0]);
    await write("own/val/a.jpg", undefined);
    await write("own/valannot/a.png", [0, 1, 2]);
    writeFileSync(join(folder.path, "own/classes.txt"), "sky\nroad\n");
    const finished = await verify("ade20k=ade", "x=own", "--segmentation", "--ignored-label", "2");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(
      /^failed: ade20k: \S+b\.(png|jpg): .*expected the values of 150 classes/m,
    );
    const at = (...parts: readonly string[]): string => join(folder.path, ...parts);
    expect(finished.stdout).toBe(
      [
        `ade20k  val  ${at("ade", "images", "validation")}  ${at("ade", "annotations", "validation")}`,
        "  3 pictures of 2,000",
        "  decoded 3, 1 of them BAD",
        "  2 of 150 classes in them, none of sky, floor, tree, ceiling, road …; 66.7 % of the pixels without a class",
        "  1 picture without any labelled pixel: c.jpg",
        "  PROBLEM ade20k: expected 2,000 pictures in val, found 3: 1,997 missing",
        "  PROBLEM ade20k: 1 picture of 3 cannot be decoded, or have labels that are wrong",
        `x  val  ${at("own", "val")}  ${at("own", "valannot")}`,
        "  1 picture",
        "  decoded 1",
        "  2 of 2 classes in them; 33.3 % of the pixels without a class",
        "  ok",
        "",
      ].join("\n"),
    );
    rmSync(at("own", "valannot", "a.png"));
    const json = await verify("x=own", "ade20k=ade", "--segmentation", "--json");
    const { sets } = eventsOf(json).at(-1) as unknown as { readonly sets: readonly unknown[] };
    expect(sets).toMatchObject([
      { ok: false, problems: [{ code: "not-found" }] },
      {
        pictures: 3,
        expected: 2000,
        bad: 1,
        badPictures: [{ key: "b.jpg", code: "invalid-data" }],
        pixels: { wall: 16, building: 16, sky: 0 },
        ignoredPixels: 64,
        allIgnored: { count: 1, examples: ["c.jpg"] },
        problems: [{ code: "wrong-count" }, { code: "bad-pictures" }],
      },
    ]);
  });

  it("takes the names of classes from a file of the user's", async () => {
    mkdirSync(join(folder.path, "own/val"), { recursive: true });
    mkdirSync(join(folder.path, "own/valannot"), { recursive: true });
    const size = { width: 2, height: 1 };
    const image = sharp({ create: { ...size, channels: 3, background: "red" } });
    await image.png().toFile(join(folder.path, "own/val/a.png"));
    const labels = sharp(Uint8Array.of(0, 1), { raw: { ...size, channels: 1 } });
    await labels.toColourspace("b-w").png().toFile(join(folder.path, "own/valannot/a.png"));
    writeFileSync(join(folder.path, "names.txt"), "sky\nroad\n");
    const own = ["x=own", "--segmentation", "--classes"];
    const found = await verify(...own, join(folder.path, "names.txt"));
    expect(found.stdout).toContain("2 of 2 classes in them");
    expect(await verify(...own, "/nowhere")).toMatchObject({
      code: 1,
      stderr: "error: --classes: /nowhere cannot be read: there is no such file or folder\n",
    });
    const without = await verify("x=own", "--classes", "names.txt");
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("--segmentation") });
  });

  it("wants a set and numbers", async () => {
    expect(await verify()).toMatchObject({ code: 2 });
    const { code, stderr } = await verify("a=b", "--decode", "some");
    expect([code, stderr]).toEqual([
      2,
      'error: --decode: expected all, or a number of pictures, found "some"\n',
    ]);
    expect((await verify("=b")).stderr).toContain("expected a data set as name=path");
  });
});
