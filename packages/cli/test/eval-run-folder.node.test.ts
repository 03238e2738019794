// Who may write to the folder of a run.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { probeArguments, writeColours } from "./coloured-pictures.ts";
import { BIN, eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

let data: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  data = temporaryFolder();
  await writeColours(join(data.path, "train"), { each: 20 });
  await writeColours(join(data.path, "val"), { each: 20 });
});
afterAll(() => data[Symbol.dispose]());

const POOLING = ["--protocol", "report-attention-pooling", "--batch", "20"];

function args(output: string, ...more: readonly string[]): string[] {
  return probeArguments(data.path, { output, more: [...POOLING, "--json", ...more] });
}

/** A run in a process of its own that is in the middle of its training. */
async function startTraining(argv: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    if ((text as string).includes('"stage":"train"')) break;
  }
  child.stdout.resume();
  return child;
}

describe("the folder of a run", () => {
  it("is refused to others while the run lives, and taken over when it was killed", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const first = await startTraining(args(output, "--epochs", "1000"));
    try {
      for (const more of [[], ["--resume"]]) {
        const { code, stdout } = await runCli(args(output, "--epochs", "1000", ...more));
        expect(code).toBe(1);
        expect(eventsOf({ stdout })).toEqual([
          {
            event: "error",
            code: "exists",
            message: expect.stringContaining(
              `${output} is being written by process ${first.pid} on ${hostname()}`,
            ) as string,
          },
        ]);
      }
      // Nothing is written by it.
      const dry = await runCli(args(join(folder.path, "other"), "--epochs", "1", "--dry-run"));
      expect(dry.code).toBe(0);
    } finally {
      first.kill("SIGKILL");
      await once(first, "close");
    }
    expect(existsSync(join(output, "run.lock"))).toBe(true);
    const second = await startTraining(args(output, "--epochs", "1000", "--resume"));
    expect(JSON.parse(readFileSync(join(output, "run.lock"), "utf8"))).toMatchObject({
      pid: second.pid,
    });
    second.kill("SIGKILL");
    await once(second, "close");
  }, 60_000);

  it("holds what was found out about shared pictures, for the same run only", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "probe");
    const knn = probeArguments(data.path, { output, more: ["--protocol", "knn", "--json"] });
    const said = async (...more: readonly string[]): Promise<[unknown[], boolean]> => {
      const finished = await runCli([...knn, ...more]);
      expect(finished.code).toBe(0);
      const events = eventsOf(finished);
      const notices = events.filter(({ message }) => /stand in the/.test(String(message)));
      return [
        notices.map(({ message }) => message),
        events.some(({ stage }) => stage === "compare colours"),
      ];
    };
    const [found, compared] = await said();
    expect(found).toEqual([expect.stringContaining("60 of 60 pictures of colours")]);
    expect(compared).toBe(true);
    expect(await said("--resume")).toEqual([found, false]);
    const path = join(output, "shared-pictures.json");
    const kept = readFileSync(path, "utf8");
    writeFileSync(path, kept.replace(/"listHash": "\w+"/, '"listHash": "another"'));
    expect(await said("--resume")).toEqual([found, true]);
    expect(readFileSync(path, "utf8")).toBe(kept);
  });

  it("is refused in words where it cannot be made", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    const below = join(file, "a", "b");
    const refused = [
      [file, "a file of this name is in the way"],
      [below, "a part of the path is a file, not a folder"],
    ] as const;
    for (const [output, reason] of refused) {
      const message = `${output} cannot be written: ${reason}`;
      expect(eventsOf(await runCli(args(output))).at(-1)).toMatchObject({ message });
    }
  });

  it("is taken away when nothing came of the run, unless it was there before", async () => {
    using folder = temporaryFolder();
    const wrong = ["--val", "elsewhere=/nowhere"];
    const output = join(folder.path, "new", "probe");
    expect(await runCli(args(output, ...wrong))).toMatchObject({ code: 1 });
    expect(readdirSync(folder.path)).toEqual([]);
    mkdirSync(join(folder.path, "new"));
    expect(await runCli(args(output, ...wrong))).toMatchObject({ code: 1 });
    expect(readdirSync(folder.path)).toEqual(["new"]);
    expect(readdirSync(join(folder.path, "new"))).toEqual([]);
  });
});
