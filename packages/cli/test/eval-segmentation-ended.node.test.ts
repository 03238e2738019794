// Runs of `eval segmentation` that are ended from outside.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { segmentationArguments, writeProtocol, writeScenes } from "./labelled-scenes.ts";
import { BIN, eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

let data: ReturnType<typeof temporaryFolder>;
let protocols: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  data = temporaryFolder();
  protocols = temporaryFolder();
  await writeScenes(data.path, { train: 12, val: 5 });
});
afterAll(() => {
  data[Symbol.dispose]();
  protocols[Symbol.dispose]();
});

function args(output: string, ...more: readonly string[]): string[] {
  return segmentationArguments(data.path, { output, more: [...more, "--json"] });
}

describe.skipIf(process.platform === "win32")("eval segmentation that is ended", () => {
  it.each([
    ["report-linear", { iterations: 12, scoreEvery: 5 }, ["train 3", "evaluate 3", "train 8"]],
    ["fast-linear", { iterations: 6 }, ["encode-train 5", "train 2"]],
  ])(
    "by kill -9 ends with the very same head and scores: %s",
    async (base, change, moments) => {
      const own = writeProtocol(join(protocols.path, `${base}.json`), { base, ...change });
      using folder = temporaryFolder();
      const [whole, killed] = [join(folder.path, "whole"), join(folder.path, "killed")];
      expect(await runCli(args(whole, "--protocol", own))).toMatchObject({ code: 0 });
      for (const moment of moments) {
        const resume = existsSync(join(killed, "protocol.json")) ? ["--resume"] : [];
        expect(await killAt(args(killed, "--protocol", own, ...resume), moment)).toBe("SIGKILL");
      }
      expect(existsSync(join(killed, "run.lock"))).toBe(true);
      const ended = await runCli(args(killed, "--protocol", own, "--resume"));
      expect(ended).toMatchObject({ code: 0 });
      expect(existsSync(join(killed, "run.lock"))).toBe(false);
      for (const name of ["head.safetensors", "best-head.safetensors"]) {
        expect(readFileSync(join(killed, name))).toEqual(readFileSync(join(whole, name)));
      }
      expect(scores(killed)).toEqual(scores(whole));
    },
    120_000,
  );

  it("by Ctrl-C in the middle of training says within seconds how to go on", async () => {
    const own = writeProtocol(join(protocols.path, "long.json"), {
      base: "report-full-tuning",
      head: { kind: "upernet", channels: 64, auxiliaryLevel: 2 },
      cropSize: 224,
      batch: 8,
      iterations: 1000,
    });
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const ended = await interruptAt(args(output, "--protocol", own), "train 1");
    expect(ended.milliseconds).toBeLessThan(5000);
    expect(eventsOf(ended).at(-1)).toMatchObject({
      event: "notice",
      message: expect.stringContaining("with --resume goes on") as string,
    });
    expect(existsSync(join(output, "run.lock"))).toBe(false);
  }, 60_000);
});

/** What a run found. */
function scores(folder: string): unknown {
  const { val, curves, heads, warnings } = JSON.parse(
    readFileSync(join(folder, "results.json"), "utf8"),
  );
  return { val, curves, heads, warnings };
}

/** Runs the program and calls `act` when it says that a stage, such as `train 3`, has come so far. */
function runUntil(
  argv: readonly string[],
  { moment, signal }: { readonly moment: string; readonly signal: NodeJS.Signals },
): Promise<{ stdout: string; signal: NodeJS.Signals | null; milliseconds: number }> {
  const [stage, count] = moment.split(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...argv], { stdio: ["ignore", "pipe", "ignore"] });
    let stdout = "";
    let rest = "";
    let sent = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const event = JSON.parse(line) as { stage?: string; done?: number };
        if (sent > 0 || event.stage !== stage || event.done! < Number(count)) continue;
        sent = performance.now();
        child.kill(signal);
      }
    });
    child.on("error", reject);
    child.on("close", (_, ended) =>
      resolve({ stdout, signal: ended, milliseconds: performance.now() - sent }),
    );
  });
}

async function killAt(argv: readonly string[], moment: string): Promise<NodeJS.Signals | null> {
  return (await runUntil(argv, { moment, signal: "SIGKILL" })).signal;
}

function interruptAt(argv: readonly string[], moment: string): ReturnType<typeof runUntil> {
  return runUntil(argv, { moment, signal: "SIGINT" });
}
