// Extractions in processes of their own that are ended from outside, and what becomes of them.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { createRandom } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { temporaryFolder, writePictures } from "../pipeline/small-pictures.ts";
import { differentFiles } from "./read-shards.ts";

const SCRIPT = fileURLToPath(new URL("./run-extraction.mjs", import.meta.url));
const PICTURES = 2000;
const folder = temporaryFolder();
const input = join(folder.path, "pictures");
const undisturbed = join(folder.path, "undisturbed");

/** An extraction that runs. */
interface Running {
  readonly child: ChildProcess;
  /** Pictures that it says to be done. */
  readonly done: () => number;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

function start(output: string, options: object = {}): Running {
  const child = spawn(process.execPath, [SCRIPT, input, output, JSON.stringify(options)]);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Awaited<Running["ended"]>>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const done = (): number => Number(/(\d+)\n\D*$/.exec(stdout)?.[1] ?? 0);
  return { child, done, ended };
}

/** Waits until so many pictures are done; false when the extraction ended before. */
async function reach({ child, done }: Running, pictures: number): Promise<boolean> {
  while (done() < pictures) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    await sleep(2);
  }
  return true;
}

beforeAll(async () => {
  await writePictures(input, PICTURES);
  for (const i of [5, 777, 1999]) {
    writeFileSync(join(input, `${String(i).padStart(6, "0")}.png`), "no picture");
  }
  const { code, stderr } = await start(undisturbed).ended;
  if (code !== 0) throw new Error(`the undisturbed extraction failed: ${stderr}`);
}, 60_000);
afterAll(() => folder[Symbol.dispose]());

describe("an extraction of 2,000 pictures", () => {
  it("ends with the same bytes after 20 kills at any moment", async () => {
    const output = join(folder.path, "killed");
    const random = createRandom(20);
    // Kills before anything is done, then over the whole length, some of them around the ends of shards (every 300).
    const moments = Array.from({ length: 20 }, (_, i) => {
      if (i < 3) return { pictures: 0, milliseconds: 50 + 200 * i + 100 * random.next() };
      const near = Math.round((i - 2) * (PICTURES / 18));
      const pictures = i % 3 === 0 ? Math.round(near / 300) * 300 : near;
      return { pictures: Math.min(pictures, PICTURES), milliseconds: 40 * random.next() };
    });
    let killed = 0;
    for (const { pictures, milliseconds } of moments) {
      const running = start(output);
      await reach(running, pictures);
      await sleep(milliseconds);
      running.child.kill("SIGKILL");
      const { signal, stderr } = await running.ended;
      expect(stderr).toBe("");
      if (signal === "SIGKILL") killed++;
    }
    expect(killed).toBeGreaterThanOrEqual(18);
    const last = await start(output).ended;
    expect(last).toMatchObject({ code: 0, stderr: "" });
    expect(last.stdout).toMatch(/finished 1997\n$/);
    expect(last.stdout).not.toMatch(/damaged/);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("ends within two seconds after SIGINT, and goes on where it was", async () => {
    const output = join(folder.path, "interrupted");
    const running = start(output);
    expect(await reach(running, 700)).toBe(true);
    const begin = performance.now();
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 1, stderr: "error: interrupted\n" });
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(readdirSync(output)).not.toContain("extraction.lock");
    const { stdout } = await start(output).ended;
    expect(Number(/^started (\d+)\n/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(700);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("keeps the main thread free: the event loop is late by less than 20 ms in 99 of 100 cases", async () => {
    const output = join(folder.path, "delay");
    const outputs = ["pooler_output", "last_hidden_state"];
    const { stdout, stderr } = await start(output, { watchDelay: true, outputs }).ended;
    expect(stderr).toBe("");
    expect(Number(/^delay ([\d.]+)$/m.exec(stdout)?.[1])).toBeLessThan(20);
  });

  it("goes on after the session's thread was ended by its id", async () => {
    const output = join(folder.path, "session");
    const { code, signal, stderr } = await start(output, { endSession: 500 }).ended;
    // A thread that is ended inside ONNX Runtime takes the process with it: then it is as after a kill.
    expect([1, null]).toContain(code);
    expect(signal ?? stderr).toMatch(
      /^(SIGABRT|worker-lost: the session's thread ended with code 1\n)$/,
    );
    const last = await start(output).ended;
    expect(Number(/^started (\d+)\n/.exec(last.stdout)?.[1])).toBeGreaterThan(0);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "says that a disk is full, keeps what was finished and goes on when there is space",
    async () => {
      const output = join(folder.path, "full");
      // Shards of 1,300 pictures have 330 kB, the list of pictures 30 kB: the limit is met within the first shard.
      const options = { shardSize: 1300 };
      const limited = ["-c", 'ulimit -f 400; exec "$0" "$@"', process.execPath, SCRIPT];
      const args = [...limited, input, output, JSON.stringify(options)];
      const { status, stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: `no-space: ${join(output, "features-00000.safetensors")} cannot be written: it is larger than a file may be here\n`,
      });
      expect(stdout).not.toMatch(/finished/);
      const resumed = await start(output, options).ended;
      const already = Number(/^started (\d+)\n/.exec(resumed.stdout)?.[1]);
      expect(already).toBeGreaterThan(600);
      expect(resumed.code).toBe(0);
      const whole = join(folder.path, "whole");
      await start(whole, options).ended;
      expect(differentFiles(whole, output)).toEqual([]);
    },
  );
});
