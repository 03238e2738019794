import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { parseSegmentationResult } from "@internvit/eval";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { segmentationArguments, writeProtocol, writeScenes } from "./labelled-scenes.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";
import { runHere } from "./run-here.ts";

let data: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  data = temporaryFolder();
  await writeScenes(data.path, { train: 12, val: 5 });
});
afterAll(() => data[Symbol.dispose]());

function args(output: string, ...more: readonly string[]): string[] {
  return segmentationArguments(data.path, { output, more });
}

function resultIn(output: string) {
  const json: unknown = JSON.parse(readFileSync(join(output, "results.json"), "utf8"));
  return parseSegmentationResult(json, { subject: "results.json" });
}

describe("eval segmentation", () => {
  it("goes from pictures and label pictures to a result with all that belongs to it", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const protocol = join(folder.path, "own.json");
    writeProtocol(protocol, { base: "fast-linear", iterations: 60 });
    const finished = await runCli(args(output, "--protocol", protocol));
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stderr).toContain(
      "trains a linear head in 60 iterations of 2 crops of 56 pixels, from 12 pictures",
    );
    expect(finished.stderr).toContain("(derived: nothing is published for 4)");
    expect(readdirSync(output).toSorted()).toEqual([
      "best-head.safetensors",
      "data-check.json",
      "features",
      "head.safetensors",
      "protocol.json",
      "report.html",
      "results.json",
      "results.md",
      "shared-pictures.json",
      "state",
    ]);
    const result = resultIn(output);
    expect(result).toMatchObject({
      protocol: { base: null },
      environment: { provider: "cpu", dtype: "float32" },
      train: { name: basename(data.path), length: 12 },
      val: { classes: ["sky", "ground", "pole"] },
    });
    expect(result.model.checkpointHash).toMatch(/^[0-9a-f]{64}$/);
    expect(result.environment.versions["onnxruntime-node"]).toMatch(/^\d+\.\d+/);
    const { meanIou, pictures } = result.val.scores[0]!;
    expect(meanIou).toBeGreaterThan(0.6);
    expect(pictures).toBe(5);
    expect(finished.stdout).toContain((100 * meanIou!).toFixed(2));
    expect(readFileSync(join(output, "report.html"), "utf8")).toContain("data:image/");
    expect(readFileSync(join(output, "results.md"), "utf8")).toMatch(/\| pole +\|/);
  });

  it("trains the encoder too, and says in what it differs from the named protocol", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const protocol = writeProtocol(join(folder.path, "own.json"), {
      base: "report-full-tuning",
      name: "report-full-tuning",
      head: { kind: "upernet", channels: 8, auxiliaryLevel: 2 },
      iterations: 2,
    });
    const finished = await runCli(args(output, "--protocol", protocol, "--whole", "--json"));
    const event = eventsOf(finished).at(-1)!;
    expect(event).toMatchObject({ event: "result", set: basename(data.path), scores: [{}] });
    const result = resultIn(output);
    expect(result.protocol.base).toBe("report-full-tuning");
    expect(result.protocol.differences).toContainEqual({
      field: "head.channels",
      own: 8,
      named: 1536,
    });
    expect(result.environment.versions).toMatchObject({
      "onnxruntime-node": expect.any(String) as string,
      sharp: expect.any(String) as string,
    });
  });

  it("says beforehand what it would do, and writes nothing", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const small = ["--crop-size", "56", "--batch", "2", "--iterations", "6", "--score-every", "4"];
    const more = ["--protocol", "report-linear", ...small, "--flip", "--scales", "1,1.5"];
    const finished = await runCli(args(output, ...more, "--dry-run", "--json"));
    const event = eventsOf(finished).at(-1)!;
    expect(event).toMatchObject({
      event: "result",
      dryRun: true,
      plan: {
        blocks: [3],
        derived: true,
        iterations: 6,
        train: { pictures: 12, encoded: 12 },
        val: { pictures: 5, scorings: 2 },
      },
      protocol: {
        name: "report-linear",
        cropSize: 56,
        augmentation: { limits: { long: 224, short: 56 } },
        inference: {
          shortSide: 56,
          mode: { kind: "slide", window: 56, stride: 36 },
          scales: [1, 1.5],
          flip: true,
        },
      },
    });
    expect((event["plan"] as { milliseconds: number }).milliseconds).toBeGreaterThan(0);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("says that a run does not fit into memory, and does not time it", async () => {
    using folder = temporaryFolder();
    const more = ["--protocol", "report-head-tuning", "--crop-size", "14000", "--batch", "2"];
    const { code, stdout, stderr } = await runCli(
      args(join(folder.path, "probe"), ...more, "--dry-run"),
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/the run takes about [\d.]+ TB of memory .* [\d.]+ GB are free here/);
    expect(stdout).toMatch(/was not timed: that alone takes about [\d.]+ [GT]B of memory/);
  });

  it("refuses a folder that holds a run before anything is measured, and goes on with --resume", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const protocol = writeProtocol(join(folder.path, "own.json"), { base: "report-linear" });
    expect(await runCli(args(output, "--protocol", protocol))).toMatchObject({ code: 0 });
    const again = await runCli(args(output, "--protocol", protocol));
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("holds this run") });
    expect(again.stderr).not.toContain("trains");
    const other = await runCli(args(output, "--protocol", protocol, "--seed", "3", "--resume"));
    expect(other.stderr).toMatch(/holds another run: protocol\.seed is 0 there and 3 here/);
    expect(await runCli(args(output, "--protocol", protocol, "--resume"))).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("measured") as string,
    });
  });

  it.each([
    [["--protocol", "nonsense"], 2, /--protocol: expected report-linear, .* found "nonsense"/],
    [["--protocol", "knn"], 2, /--protocol: expected report-linear/],
    [["--protocol", "fast-linear", "--score-every", "2"], 2, /--score-every: the protocol fast-/],
    [["--protocol", "fast-linear", "--scales", "1,0"], 2, /--scales: expected up to 16 factors/],
    [["--protocol", "report-full-tuning", "--dtype", "f16"], 2, /--dtype: .* in f32 only/],
    [["--protocol", "fast-linear", "--dataset", "imagenet-1k"], 2, /a class for each picture/],
    [["--protocol", "fast-linear", "--dataset", "ade20k", "--ignored-label", "0"], 2, /its own/],
    [["--protocol", "fast-linear", "--dataset", "ade20k"], 1, /images\/training with annotations/],
    [["--protocol", "fast-linear", "--root", "/nowhere"], 1, /\/nowhere: expected a folder of/],
    [["--protocol", "fast-linear", "--classes", "/nowhere"], 1, /--classes: \/nowhere cannot/],
    [
      ["--protocol", "fast-linear", "--crop-size", "50"],
      2,
      /--crop-size: expected a multiple of the encoder's patch, 14/,
    ],
    [["--protocol", "fast-linear", "--crop-size", "56"], 1, /one batch of 16 .*, found 12/],
  ])("%j is refused before anything is written", async (more, exitCode, message) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const { code, said } = await runHere(args(output, ...more));
    expect(said).toMatch(message);
    expect(code).toBe(exitCode);
    expect(existsSync(join(output, "protocol.json"))).toBe(false);
  });

  it("names the field of a protocol that is wrong", async () => {
    using folder = temporaryFolder();
    const own = writeProtocol(join(folder.path, "own.json"), { base: "report-linear", batch: 0 });
    const refused = await runCli(args(join(folder.path, "probe"), "--protocol", own));
    expect(refused.stderr).toMatch(/own\.json: expected a protocol of segmentation; batch: /);
    writeFileSync(own, "{}");
    expect((await runCli(args(join(folder.path, "probe"), "--protocol", own))).code).toBe(1);
  });
});
