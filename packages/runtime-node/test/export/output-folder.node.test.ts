// A folder gets its name once, whoever else wants it at the same time, and nothing unfinished stays.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isRuntimeError } from "@internvit/runtime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createOutputFolder } from "../../src/export/output-folder.ts";

/** Enough for every order of moves that happen side by side. */
const ROUNDS = 100;
const WRITERS = ["a", "b", "c", "d"];

let parent: string;
let target: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "internvit-output-"));
  target = join(parent, "model");
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

/** All folders are filled before any gets its name. */
async function writeAtOnce(overwrite: boolean): Promise<readonly PromiseSettledResult<void>[]> {
  const options = { overwrite, ownFiles: ["file"], byteLength: 1 };
  const folders = await Promise.all(WRITERS.map(() => createOutputFolder(target, options)));
  for (const [i, { path }] of folders.entries()) await writeFile(join(path, "file"), WRITERS[i]!);
  const ends = await Promise.allSettled(folders.map(async (folder) => folder.commit()));
  for (const folder of folders) await folder[Symbol.asyncDispose]();
  return ends;
}

describe("of several that write the same folder", () => {
  test("the first wins, the others hear that it is there, and nothing else stays", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const ends = await writeAtOnce(false);
      const winners = WRITERS.filter((_, i) => ends[i]!.status === "fulfilled");
      expect(await readFile(join(target, "file"), "utf8")).toBe(winners.join());
      for (const end of ends) {
        if (end.status === "fulfilled") continue;
        expect(isRuntimeError(end.reason) && end.reason.code).toBe("exists");
      }
      expect(await readdir(parent)).toEqual(["model"]);
      await rm(target, { recursive: true });
    }
  });

  test("that replace it one whole folder stays", async () => {
    await mkdir(target);
    await writeFile(join(target, "file"), "before");
    for (let round = 0; round < ROUNDS; round += 1) {
      const ends = await writeAtOnce(true);
      expect(ends.some(({ status }) => status === "fulfilled")).toBe(true);
      expect(WRITERS).toContain(await readFile(join(target, "file"), "utf8"));
      expect(await readdir(parent)).toEqual(["model"]);
    }
  });
});

test("an empty folder may stand at the name", async () => {
  await mkdir(target);
  await using folder = await createOutputFolder(target, {
    overwrite: false,
    ownFiles: [],
    byteLength: 1,
  });
  await writeFile(join(folder.path, "file"), "");
  await folder.commit();
  expect(await readdir(target)).toEqual(["file"]);
});
