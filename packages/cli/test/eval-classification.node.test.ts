import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseResult } from "@internvit/eval";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { probeArguments, writeColours } from "./coloured-pictures.ts";
import { BIN, eventsOf, runCli, temporaryFolder } from "./run-cli.ts";
import { runHere } from "./run-here.ts";

let data: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  data = temporaryFolder();
  await writeColours(join(data.path, "train"), { each: 40 });
  await writeColours(join(data.path, "val"), { each: 10 });
});
afterAll(() => data[Symbol.dispose]());

function args(output: string, ...more: readonly string[]): string[] {
  return probeArguments(data.path, { output, more });
}

const FAST = ["--protocol", "fast-linear", "--batch", "20", "--epochs", "12"];
const POOLING = ["--protocol", "report-attention-pooling", "--batch", "20", "--epochs", "3"];

describe("eval classification", () => {
  it("goes from folders to a result with all that belongs to it", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const finished = await runCli(args(output, ...FAST));
    expect(finished).toMatchObject({ code: 0, stdout: expect.stringContaining("colours  100.00") });
    expect(finished.stderr).toContain("trains with 108 pictures (12 held out to choose the head)");
    expect(readdirSync(output).toSorted()).toEqual([
      "features",
      "head.safetensors",
      "protocol.json",
      "report.html",
      "results.json",
      "results.md",
      "shared-pictures.json",
      "state",
    ]);
    const json: unknown = JSON.parse(readFileSync(join(output, "results.json"), "utf8"));
    const result = parseResult(json, { subject: "results.json" });
    expect(result.protocol).toMatchObject({
      base: "fast-linear",
      differences: [
        { field: "imageSize", own: 42, named: null },
        { field: "epochs", own: 12, named: 10 },
        { field: "batch", own: 20, named: 1024 },
      ],
    });
    expect(result.grid).toHaveLength(13);
    expect(result.sets[0]!.scores[0]).toMatchObject({ top1: 100, scored: 30 });
  });

  it("says beforehand what it would do, and writes nothing", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const finished = await runCli(args(output, ...POOLING, "--dry-run", "--json"));
    const event = eventsOf(finished).at(-1)!;
    expect(event).toMatchObject({
      event: "result",
      dryRun: true,
      plan: {
        updates: 18,
        train: { used: 120, heldOut: 0, unused: 0 },
        val: [{ name: "colours", pictures: 30 }],
        encoded: { train: 360, heldOut: 0, val: 90 },
      },
      protocol: { name: "report-attention-pooling", epochs: 3 },
    });
    expect((event["plan"] as { milliseconds: number }).milliseconds).toBeGreaterThan(0);
    expect(existsSync(output)).toBe(false);
  });

  it("takes a protocol of one's own, and names the field that is wrong", async () => {
    using folder = temporaryFolder();
    const [output, own] = [join(folder.path, "probe"), join(folder.path, "own.json")];
    const dry = await runCli(args(output, "--protocol", "knn", "--dry-run", "--json"));
    const { protocol } = eventsOf(dry).at(-1) as { protocol: object };
    writeFileSync(own, JSON.stringify({ ...protocol, name: "own", perClass: 8 }));
    const finished = await runCli(args(output, "--protocol", own, "--dry-run"));
    expect(finished.stdout).toMatch(/own \(your own\) of .*\n.*24 pictures \(96 not used\)/);
    writeFileSync(own, JSON.stringify({ ...protocol, temperature: -1 }));
    const refused = await runCli(args(output, "--protocol", own, "--dry-run"));
    expect(refused.stderr).toMatch(/^error: .*own\.json: expected a protocol; temperature: /);
    expect(refused.code).toBe(1);
  });

  it.each([
    [["--protocol", "nonsense"], /--protocol: expected report-linear, .* found "nonsense"/],
    [[...FAST, "--epochs", "0"], /--epochs: expected a whole number/],
    [["--protocol", "knn", "--epochs", "2"], /--epochs: the protocol knn has none/],
    [["--protocol", "report-linear", "--batch", "21"], /batch: an even number/],
    [[...FAST, "--val", "elsewhere=/nowhere"], /\/nowhere/],
    [[...FAST, "--batch", "500"], /one batch of 500 training pictures, found 108/],
    [[...FAST, "--image-size", "50"], /--image-size: expected a multiple of the .*, 14 pixels/],
    [[...FAST, "--val", "a=x", "a=y"], /--val: expected a name for each set, found a twice/],
  ])("%j is refused before anything is written", async (more, message) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const { code, said } = await runHere(args(output, ...more));
    expect(said).toMatch(message);
    expect(code).toBeGreaterThan(0);
    expect(existsSync(output)).toBe(false);
  });

  it("refuses a folder of another run, says in what, and its own without --resume", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const knn = ["--protocol", "knn"];
    expect(await runCli(args(output, ...knn))).toMatchObject({ code: 0 });
    const again = await runCli(args(output, ...knn));
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("holds this run") });
    const added = ["--val", `more=${join(data.path, "val")}`];
    const more = await runCli(args(output, ...knn, ...added, "--resume"));
    expect(more.stderr).toContain("holds another run: val.more is missing there. Another run");
    const other = await runCli(args(output, ...knn, "--seed", "3", "--resume"));
    expect(other.stderr).toMatch(/holds another run: protocol\.seed is 0 there and 3 here/);
    expect(await runCli(args(output, ...knn, "--resume"))).toMatchObject({ code: 0 });
  });

  it("says when all of the training is warm-up, and when there is one class only", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const red = join(data.path, "val", "red");
    for (const part of ["train", "val"]) {
      cpSync(red, join(folder.path, part, "red"), { recursive: true });
    }
    writeFileSync(join(folder.path, "val", "red", "notes.txt"), "");
    const more = ["--protocol", "fast-linear", "--batch", "4", "--epochs", "1"];
    const { code, stderr } = await runCli(probeArguments(folder.path, { output, more }));
    expect(code).toBe(0);
    expect(stderr).toContain(
      "note: all of the training is warm-up: the learning rate rises for 1 ep",
    );
    const { warnings } = JSON.parse(readFileSync(join(output, "results.json"), "utf8"));
    expect(warnings).toEqual([
      expect.stringMatching(/^all of the training is warm-up/),
      "train has one class, red: every answer is right",
      "colours: 1 file of val is no picture by name, such as red/notes.txt",
      expect.stringMatching(
        /^10 of 10 pictures of colours that were looked for stand in the training/,
      ),
    ]);
    expect(readFileSync(join(output, "results.md"), "utf8")).toContain(warnings[1]);
  });

  it("names pictures that cannot be read and counts them as wrong", async () => {
    using folder = temporaryFolder();
    const val = join(folder.path, "val");
    await writeColours(val, { each: 10 });
    const torn = join(val, "red", "torn.png");
    writeFileSync(torn, "torn");
    const output = join(folder.path, "probe");
    const more = ["--protocol", "knn", "--val", `torn=${val}`];
    const { code, stdout, stderr } = await runCli(args(output, ...more));
    expect(stderr).toContain(`failed: torn: ${torn}: expected a JPEG`);
    expect(stdout).toMatch(/torn +96\.77 .* 31 +1/);
    expect(code).toBe(0);
  });
});

describe.skipIf(process.platform === "win32")("eval classification that is ended", () => {
  it("by Ctrl-C says how to go on, and goes on", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const more = [...POOLING, "--json"];
    const ended = await runCli(args(output, ...more), { signalOnOutput: "SIGINT" });
    expect(ended.code).toBe(130);
    const resumed = await runCli(args(output, ...more, "--resume"));
    expect(resumed.code).toBe(0);
  });

  it("by kill -9, again and again, ends with the very same head and scores", async () => {
    using folder = temporaryFolder();
    const [whole, killed] = [join(folder.path, "whole"), join(folder.path, "killed")];
    expect(await runCli(args(whole, ...POOLING))).toMatchObject({ code: 0 });
    let lives = 0;
    while (!existsSync(join(killed, "report.html"))) {
      const resume = existsSync(join(killed, "protocol.json")) ? ["--resume"] : [];
      lives++;
      await killWhen(args(killed, ...POOLING, ...resume, "--json"), { updates: 7 * lives });
    }
    expect(lives).toBeGreaterThan(2);
    for (const name of ["head.safetensors", "head-average.safetensors"]) {
      expect(readFileSync(join(killed, name))).toEqual(readFileSync(join(whole, name)));
    }
    expect(scores(killed)).toEqual(scores(whole));
  }, 240_000);
});

/** What a run says of its training. */
function scores(folder: string): unknown {
  const { sets, curves, heads } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
  return { sets, curves, heads };
}

/** Kills the program as soon as it says that so many steps of twenty pictures are done; or lets it end. */
function killWhen(
  argv: readonly string[],
  { updates }: { readonly updates: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...argv], { stdio: ["ignore", "pipe", "ignore"] });
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const { stage, done } = JSON.parse(line) as { stage?: string; done?: number };
        if (stage === "train" && done! > updates * 20) child.kill("SIGKILL");
      }
    });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}
