import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { encodeLabelPng, encodeResult, IGNORED_LABEL } from "@internvit/eval";
import { openSegmentationSet } from "@internvit/eval/node";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { sampleResult } from "../../eval/test/results/sample-result.ts";
import {
  sampleScene,
  sampleSegmentation,
  SCENE_CLASSES,
} from "../../eval/test/results/sample-segmentation.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** A result in a file. */
function saved(name: string, skill = 2): string {
  const path = join(folder.path, name);
  writeFileSync(path, encodeResult(sampleResult([{ name: "cifar10", length: 200, skill }])));
  return path;
}

/** A result of segmentation in the folder of a run. */
async function savedSegmentation(name: string, shift = 9): Promise<string> {
  const run = join(folder.path, name);
  mkdirSync(run);
  const result = await sampleSegmentation({ shift });
  writeFileSync(join(run, "results.json"), encodeResult(result));
  return run;
}

describe("eval compare", () => {
  it("shows the scores of two results and how they differ", async () => {
    const [first, second] = [saved("a.json"), saved("b.json", 6)];
    const { code, stdout } = await runCli(["eval", "compare", first, second]);
    expect(code).toBe(0);
    expect(stdout).toContain("beyond chance");
    expect(stdout).toContain("Model, protocol, data and environment are the same.");
  });

  it("says the same in JSON", async () => {
    const [first, second] = [saved("a.json"), saved("results.json")];
    const finished = await runCli(["eval", "compare", first, folder.path, "--json"]);
    expect(finished.code).toBe(0);
    const [event] = eventsOf(finished);
    expect(event).toMatchObject({
      event: "result",
      command: "eval compare",
      first,
      second: folder.path,
      comparison: { differences: [], sets: [{ name: "cifar10", significance: "same" }] },
    });
    expect(second).toContain(folder.path);
  });

  it("names a file that is missing, no JSON or no result", async () => {
    const first = saved("a.json");
    const missing = await runCli(["eval", "compare", first, join(folder.path, "none.json")]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("found nothing") });
    const other = join(folder.path, "other.json");
    writeFileSync(other, "{}");
    const wrong = await runCli(["eval", "compare", first, other]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("other.json: not a result of an evaluation; format:");
  });
});

describe("eval compare of segmentation", () => {
  it("shows the scores of all classes, those that differ most first", async () => {
    const [first, second] = [await savedSegmentation("a"), await savedSegmentation("b", 3)];
    const { code, stdout } = await runCli(["eval", "compare", first, second]);
    expect(code).toBe(0);
    expect(stdout).toContain("mIoU");
    expect(stdout).toContain("pedestrian");
    expect(stdout).toContain("Model, protocol, data and environment are the same.");
    const [event] = eventsOf(await runCli(["eval", "compare", first, second, "--json"]));
    expect(event).toMatchObject({
      command: "eval compare",
      comparison: { samePictures: true, differences: [], classes: expect.any(Array) },
    });
  });

  it("refuses results of different kinds, and says which is which", async () => {
    const [first, second] = [saved("a.json"), await savedSegmentation("b")];
    const { code, stderr } = await runCli(["eval", "compare", first, second]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `expected two results of one kind, found classification in ${first} and segmentation in ${second}`,
    );
  });
});

describe("eval report", () => {
  it("prints one result as a table and writes it as a page", async () => {
    const html = join(folder.path, "page.html");
    const { code, stdout } = await runCli(["eval", "report", saved("a.json"), "--html", html]);
    expect(code).toBe(0);
    expect(stdout).toContain("cifar10");
    expect(stdout).toContain(`wrote ${html}`);
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>/);
  });

  it("prints several results in Markdown, and a page of several is refused", async () => {
    const both = [saved("a.json"), saved("b.json", 6)];
    const { stdout } = await runCli(["eval", "report", ...both]);
    expect(stdout.split("\n").filter((line) => line.startsWith("| InternViT"))).toHaveLength(2);
    const refused = await runCli(["eval", "report", ...both, "--html", "page.html"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("found 2") });
  });

  it("refuses pictures of a set that was not scored", async () => {
    const options = ["--html", join(folder.path, "p.html"), "--data", `other=${folder.path}`];
    const { code, stderr } = await runCli(["eval", "report", saved("a.json"), ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain("--data: expected one of cifar10, found other");
  });
});

describe("eval report of segmentation", () => {
  it("prints one result as a table, and results of both kinds as the report's two tables", async () => {
    const run = await savedSegmentation("run");
    const one = await runCli(["eval", "report", run]);
    expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining("boundary IoU") });
    const { code, stdout } = await runCli(["eval", "report", run, saved("a.json")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/## Image classification[^]+\| top-1 %[^]+## Semantic segmentation\n/);
  });

  it("writes a page with predictions, and with all pictures where the set is at hand", async () => {
    const run = await savedSegmentation("run");
    const html = join(folder.path, "page.html");
    const alone = await runCli(["eval", "report", run, "--html", html]);
    expect(alone.code).toBe(0);
    expect(readFileSync(html, "utf8").match(/<img /g)).toHaveLength(9);

    const root = join(folder.path, "camvid");
    await writeScenes(root);
    // The hash of the list that is in the folder, as a run would have it.
    const set = await openSegmentationSet(`camvid=${root}`, { classes: SCENE_CLASSES });
    const sample = await sampleSegmentation();
    const data = { ...sample.val.data, listHash: set.listHash };
    await set.dispose();
    const result = { ...sample, val: { ...sample.val, data } };
    writeFileSync(join(run, "results.json"), encodeResult(result));
    const options = ["--html", html, "--data", `camvid=${root}`];
    const refused = await runCli(["eval", "report", run, ...options]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("found 11 in") });
    const whole = await runCli(["eval", "report", run, ...options, "--ignored-label", "11"]);
    expect(whole.stderr).toBe("");
    expect(readFileSync(html, "utf8").match(/<img /g)).toHaveLength(36);
  });

  it("refuses pictures of a set that was not scored", async () => {
    const run = await savedSegmentation("run");
    const options = ["--html", join(folder.path, "p.html"), "--data", `other=${folder.path}`];
    const { code, stderr } = await runCli(["eval", "report", run, ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain("--data: expected one of camvid, found other");
  });
});

/** The scenes of the sample in folders; what has no class is stored as 11. */
async function writeScenes(root: string): Promise<void> {
  const [pictures, labels] = [join(root, "images/val"), join(root, "annotations/val")];
  mkdirSync(pictures, { recursive: true });
  mkdirSync(labels, { recursive: true });
  for (let index = 0; index < 12; index++) {
    const { label } = sampleScene(index);
    const { width, height } = label;
    const data = label.data.map((value) => (value === IGNORED_LABEL ? 11 : value));
    writeFileSync(join(labels, `scene-${index}.png`), await encodeLabelPng({ ...label, data }));
    await sharp({ create: { width, height, channels: 3, background: "#456" } })
      .png()
      .toFile(join(pictures, `scene-${index}.png`));
  }
}
