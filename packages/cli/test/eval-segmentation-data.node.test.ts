// What `eval segmentation` does with pictures and label pictures that are not as they should be.

import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseSegmentationResult } from "@internvit/eval";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  greyPng,
  labelPath,
  plainLabel,
  sceneName,
  segmentationArguments,
  writeProtocol,
  writeScenes,
} from "./labelled-scenes.ts";
import { type Finished, runCli, temporaryFolder } from "./run-cli.ts";

// Sixteen pictures of each part are decoded before a run, spread over it: of 20 not those at 4, 9, 14 and 19.
const TRAIN = 20;
const UNSEEN = 4;

let folder: ReturnType<typeof temporaryFolder>;
let root: string;
let output: string;
let protocol: string;
beforeEach(async () => {
  folder = temporaryFolder();
  root = join(folder.path, "scenes");
  output = join(folder.path, "probe");
  await writeScenes(root, { train: TRAIN, val: 3 });
  // Every picture is seen once or more.
  const change = { base: "report-linear", iterations: 10 };
  protocol = writeProtocol(join(folder.path, "own.json"), change);
});
afterEach(() => folder[Symbol.dispose]());

function run(...more: readonly string[]): Promise<Finished> {
  return runCli(segmentationArguments(root, { output, more: ["--protocol", protocol, ...more] }));
}

/** What is said before anything is computed, and what from then on. */
function parts({ stderr }: Finished): readonly [before: string, after: string] {
  const [before = "", after = ""] = stderr.split("note: own (your own) of ");
  return [before, after];
}

function result() {
  const json: unknown = JSON.parse(readFileSync(join(output, "results.json"), "utf8"));
  return parseSegmentationResult(json, { subject: "results.json" });
}

async function greyLabel(
  place: { readonly split: "train" | "val"; readonly at: number },
  ...label: Parameters<typeof plainLabel>
): Promise<void> {
  writeFileSync(labelPath(root, place), await greyPng(plainLabel(...label)));
}

describe("eval segmentation of bad data", () => {
  it("names labels of another size, of colours and of no class before the run, and counts them", async () => {
    await greyLabel({ split: "train", at: 3 }, 0, { width: 79, height: 60 });
    await greyLabel({ split: "train", at: 6 }, 9);
    const background = { r: 1, g: 2, b: 3 };
    await sharp({ create: { width: 80, height: 60, channels: 3, background } })
      .png({ palette: false })
      .toFile(labelPath(root, { split: "val", at: 1 }));
    const finished = await run();
    expect(finished).toMatchObject({ code: 0 });
    const [before] = parts(finished);
    const named = before.split("\n").filter((line) => line.startsWith("failed: "));
    expect(named).toEqual([
      "failed: train: 03.png: expected labels of the picture's 80x60 pixels, found 79x60",
      expect.stringMatching(/^failed: train: 06\.png: expected .* found 9/),
      "failed: val: 01.png: expected labels as a grey or palette PNG, found colours (RGB)",
    ]);
    const { val, warnings } = result();
    expect(val.scores[0]).toMatchObject({ pictures: 2, unreadable: 1 });
    expect(val.unreadable).toMatchObject([{ index: 1, key: "01.png" }]);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^2 training pictures of scenes could not be read; others took/),
    );
    // It is known by then.
    expect((await run("--resume")).stderr).not.toContain("train: 03.png");
  });

  it("ends before the run where the protocol leaves nothing out", async () => {
    await greyLabel({ split: "train", at: 3 }, 0, { width: 79, height: 60 });
    const unreadable = { train: "fail", val: "fail" };
    writeProtocol(protocol, { base: "report-linear", unreadable });
    const finished = await run();
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(
      /^error: train: 03\.png: expected labels .* unreadable\.train is "fail"/m,
    );
    expect(existsSync(join(output, "protocol.json"))).toBe(false);
  });

  it("ends before the run where no label means a class", async () => {
    for (let at = 0; at < TRAIN; at++) await greyLabel({ split: "train", at }, 9);
    const finished = await run("--dry-run");
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(
      /^error: train: none of the 16 pictures that were decoded can be used\. The first: 00\.png: /m,
    );
    for (let at = 0; at < TRAIN; at++) await greyLabel({ split: "train", at }, 255);
    expect((await run("--dry-run")).stderr).toMatch(
      /^error: train: none of the 16 pictures that were decoded has a pixel of a class, such as 00/m,
    );
  });

  it("names pictures without a label", async () => {
    rmSync(labelPath(root, { split: "val", at: 2 }));
    const finished = await run();
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^error: .*labels.val: .* none for 1 of them: "02\.png"/m);
  });

  it("says that a label has no pixel of a class, and how often it was trained on", async () => {
    await greyLabel({ split: "train", at: 3 }, 255);
    const finished = await run();
    expect(finished.code).toBe(0);
    expect(parts(finished)[0]).toContain(
      "note: train: 1 of 16 pictures that were decoded have no pixel of a class: 03.png",
    );
    expect(result().warnings).toContainEqual(
      expect.stringMatching(/^\d+ of 20 training samples had no pixel that belongs to a class/),
    );
  });

  it("goes on over a PNG that is damaged behind its header, and names it when it is met", async () => {
    truncateSync(labelPath(root, { split: "train", at: UNSEEN }), 60);
    const finished = await run();
    expect(finished.code).toBe(0);
    const [before, after] = parts(finished);
    expect(before).not.toContain("failed");
    expect(after).toMatch(
      /^failed: scenes: \S+04\.png: expected a PNG of labels, found its end at byte 60/m,
    );
    expect(result().warnings).toContainEqual(
      expect.stringMatching(/^1 training picture of scenes .* 04\.png\. The first: expected a PNG/),
    );
  });

  it("ends at it where the protocol says so, with a state to go on from when it is mended", async () => {
    const path = join(root, "images", "train", sceneName(UNSEEN));
    const good = readFileSync(path);
    writeFileSync(path, good.subarray(0, 100));
    const unreadable = { train: "fail", val: "fail" };
    writeProtocol(protocol, { base: "report-linear", iterations: 10, unreadable });
    const finished = await run();
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^error: .*04\.png: expected a whole PNG image/m);
    expect(existsSync(join(output, "results.json"))).toBe(false);
    writeFileSync(path, good);
    expect(await run("--resume")).toMatchObject({ code: 0 });
    expect(result().times.resumed).toBe(1);
    expect(result().curves[0]!.points).toHaveLength(10);
  });
});
