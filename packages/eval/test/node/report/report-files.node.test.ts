import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ClassificationSet, picturesInReport } from "@internvit/eval";
import { readResult, readThumbnails, writeHtmlReport, writeResult } from "@internvit/eval/node";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";

import { sampleResult } from "../../results/sample-result.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-report-"));
});
afterAll(() => rm(folder, { recursive: true }));

const result = sampleResult();

const nothing = async () => {};

/** The set of the sample: every picture is a gray square, the first one that is shown is broken. */
async function pictureSet(listHash = result.sets[0]!.data.listHash): Promise<ClassificationSet> {
  const gray = await sharp({ create: { width: 40, height: 20, channels: 3, background: "#888" } })
    .png()
    .toBuffer();
  const [broken] = picturesInReport(result).get("cifar10")!;
  return {
    name: "cifar10",
    origin: "data/cifar10",
    classes: result.sets[0]!.classes,
    length: 1000,
    listHash,
    picture: async (index) => ({ index, key: `${index}.png`, labels: [0] }),
    read: async (index) => Uint8Array.from(index === broken ? [1, 2, 3] : gray),
    dispose: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

test("a result is written whole, without traces, and its hash is that of the file", async () => {
  const path = join(folder, "result.json");
  const hash = await writeResult(path, result);
  expect(await readResult(path)).toEqual(result);
  const { createHash } = await import("node:crypto");
  expect(
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
  ).toBe(hash);
  expect(await readdir(folder)).toEqual(["result.json"]);
});

test("says which file is missing, and which is no result", async () => {
  await expect(readResult(join(folder, "none.json"))).rejects.toThrow("none.json cannot be read");
  const path = join(folder, "torn.json");
  await writeFile(path, '{"format":');
  await expect(readResult(path)).rejects.toThrow("torn.json: expected JSON");
  await expect(writeResult(join(folder, "no/where.json"), result)).rejects.toThrow(
    "no/where.json cannot be written",
  );
});

test("thumbnails are small JPEGs; what cannot be decoded is left out", async () => {
  const all = await readThumbnails(result, { sets: [await pictureSet()], size: 32 });
  const wanted = picturesInReport(result).get("cifar10")!;
  const found = all.get("cifar10")!;
  expect([...found.keys()]).toEqual(wanted.slice(1));
  const [, address] = [...found][0]!;
  const bytes = Buffer.from(address.replace("data:image/jpeg;base64,", ""), "base64");
  expect(await sharp(bytes).metadata()).toMatchObject({ format: "jpeg", width: 32, height: 32 });
});

test("another set of the same name is refused: its pictures are not those that were scored", async () => {
  const sets = [await pictureSet("0".repeat(64))];
  await expect(readThumbnails(result, { sets })).rejects.toThrow("that was scored");
});

test("the report is written with its pictures and the hash of the result", async () => {
  const path = join(folder, "report.html");
  await writeHtmlReport(path, result, { sets: [await pictureSet()] });
  const page = await readFile(path, "utf8");
  expect(page).toContain("data:image/jpeg;base64,");
  expect(page).toContain(await writeResult(join(folder, "result.json"), result));
});
