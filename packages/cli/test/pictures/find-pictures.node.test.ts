import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { findPictures } from "../../src/pictures/find-pictures.ts";
import { temporaryFolder } from "../run-cli.ts";

function fill(folder: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), "");
  }
}

/** Runs work as a user whom permissions stop; root they do not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("findPictures", () => {
  it("finds all pictures of a folder and below, in the order of their names", async () => {
    using folder = temporaryFolder();
    const names = [
      "b.JPG",
      "a/2.png",
      "a/10.webp",
      "Z.jpeg",
      "ä.tiff",
      "a.b/c.avif",
      ".hidden.gif",
    ];
    fill(folder.path, [...names, "a/notes.txt", "thumbs.db"]);
    const { keys, pathOf } = await findPictures([folder.path]);
    expect(keys).toEqual([...names].sort());
    expect(pathOf("a/2.png")).toBe(join(folder.path, "a", "2.png"));
  });

  it("follows links, but not round in circles; one that leads nowhere is a picture", async () => {
    using folder = temporaryFolder();
    fill(folder.path, ["in/a.jpg", "else/b.jpg"]);
    symlinkSync(join(folder.path, "in"), join(folder.path, "in", "loop"));
    symlinkSync(join(folder.path, "else"), join(folder.path, "in", "other"));
    symlinkSync(join(folder.path, "else", "b.jpg"), join(folder.path, "in", "link.jpg"));
    symlinkSync(join(folder.path, "gone.jpg"), join(folder.path, "in", "gone.jpg"));
    const { keys } = await findPictures([join(folder.path, "in")]);
    expect(keys).toEqual(["a.jpg", "gone.jpg", "link.jpg", "other/b.jpg"]);
  });

  it("takes the lines of a list in their order, relative to its folder", async () => {
    using folder = temporaryFolder();
    const list = join(folder.path, "list.txt");
    writeFileSync(list, "b.jpg\r\nsub/a.jpg\n\n/data/c.jpg\nwith space.png");
    const { keys, pathOf } = await findPictures([list]);
    expect(keys).toEqual(["b.jpg", "sub/a.jpg", "/data/c.jpg", "with space.png"]);
    expect(keys.map(pathOf)).toEqual([
      join(folder.path, "b.jpg"),
      join(folder.path, "sub/a.jpg"),
      "/data/c.jpg",
      join(folder.path, "with space.png"),
    ]);
  });

  it("refuses a list that names a picture twice", async () => {
    using folder = temporaryFolder();
    const list = join(folder.path, "list.txt");
    writeFileSync(list, "b.jpg\na.jpg\nb.jpg\n");
    await expect(findPictures([list])).rejects.toMatchObject({
      code: "malformed",
      message: `${list}: expected each picture once, found b.jpg twice`,
    });
  });

  it("finds what a pattern matches, whatever its name ends with", async () => {
    using folder = temporaryFolder();
    fill(folder.path, ["x/1.jpg", "x/2.png", "y/3.jpg", "y/z/4.jpg", "5.jpg", "x/6.bin"]);
    const find = async (pattern: string): Promise<readonly string[]> => {
      const { keys, pathOf } = await findPictures([`${folder.path}/${pattern}`]);
      expect(keys.map(pathOf).every(existsSync)).toBe(true);
      return keys;
    };
    expect(await find("**/*.jpg")).toEqual(["5.jpg", "x/1.jpg", "y/3.jpg", "y/z/4.jpg"]);
    expect(await find("{x,y}/*.{jpg,bin}")).toEqual(["x/1.jpg", "x/6.bin", "y/3.jpg"]);
    // Below the last folder that is named in full.
    expect(await find("y/**/?.jpg")).toEqual(["3.jpg", "z/4.jpg"]);
  });

  it("takes files that are named one by one", async () => {
    const { keys } = await findPictures(["b.jpg", "a.jpg"]);
    expect(keys).toEqual(["b.jpg", "a.jpg"]);
  });

  it.skipIf(process.platform === "win32")(
    "names a folder that cannot be read, and does not pass over it",
    async () => {
      using folder = temporaryFolder();
      fill(folder.path, ["a.jpg", "locked/b.jpg"]);
      chmodSync(folder.path, 0o755);
      chmodSync(join(folder.path, "locked"), 0);
      for (const source of [folder.path, `${folder.path}/**/*.jpg`]) {
        const error = await asNobody(() => findPictures([source]).catch((cause: unknown) => cause));
        expect(error).toMatchObject({ name: "CliError", code: "io" });
        expect((error as Error).message).toMatch(/cannot be read: EACCES.*locked/);
      }
      chmodSync(join(folder.path, "locked"), 0o755);
    },
  );

  it("says what it expected where there is nothing", async () => {
    using folder = temporaryFolder();
    await expect(findPictures([folder.path])).rejects.toThrow(/expected pictures, found none/);
    await expect(findPictures([join(folder.path, "nowhere")])).rejects.toThrow(
      /expected a folder, a list \(.txt\), a glob pattern or a picture, found nothing/,
    );
    await expect(findPictures([`${folder.path}/no/*.jpg`])).rejects.toThrow(/found none/);
  });
});
