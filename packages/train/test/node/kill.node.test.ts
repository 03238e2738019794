import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { createRandom } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { listCheckpointFiles, readCheckpointFile } from "../../src/node/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { spawnTraining } from "./run-training.ts";

const UPDATES = 12;

/** Trains in processes that are killed again and again until one comes to the end; tells how many were killed. */
async function trainKilled(folder: string, seed: number): Promise<number> {
  const random = createRandom(seed);
  for (let kills = 0; ; kills++) {
    const { child, onLine, ended } = spawnTraining({ folder, updates: UPDATES });
    // After a few updates and a part of the next, however fast the machine is.
    const last = 2 + random.below(3);
    let started = 0;
    onLine((count) => {
      if (count === 1) started = performance.now();
      if (count !== last) return;
      const perUpdate = (performance.now() - started) / (last - 1);
      setTimeout(() => child.kill("SIGKILL"), (random.below(1000) / 1000) * perUpdate);
    });
    const { lines, killed } = await ended;
    const files = await listCheckpointFiles(folder);
    for (const { path } of files) await readCheckpointFile(path);
    const [, said] = /^(?:ready|saved) (\d+)$/.exec(lines.at(-1)!) ?? [];
    expect(files[0]?.update ?? 0).toBeGreaterThanOrEqual(Number(said));
    // One more than the three that stay: killed after the new one had its name.
    expect(files.length).toBeLessThanOrEqual(4);
    if (!killed) return kills;
  }
}

test("a training that is killed at any moment goes on from whole files, and ends with the same bytes", async () => {
  using folder = temporaryFolder();
  const whole = join(folder.path, "whole");
  await spawnTraining({ folder: whole, updates: UPDATES }).ended;
  const [last] = await listCheckpointFiles(whole);
  expect(last?.update).toBe(UPDATES);
  const expected = readFileSync(last!.path);
  const kills = await Promise.all(
    [1, 2, 3, 4].map(async (seed) => {
      const own = join(folder.path, `killed-${seed}`);
      const count = await trainKilled(own, seed);
      expect(readFileSync(join(own, basename(last!.path))).equals(expected)).toBe(true);
      return count;
    }),
  );
  expect(kills.reduce((sum, count) => sum + count)).toBeGreaterThan(10);
});

test("a process that may not write so large a file says so, and the checkpoints that it had stay", async () => {
  using folder = temporaryFolder();
  await spawnTraining({ folder: folder.path, updates: 2 }).ended;
  const before = await listCheckpointFiles(folder.path);
  expect(before).toHaveLength(2);
  const full = await spawnTraining({ folder: folder.path, updates: 9, fileLimit: 2 ** 20 }).ended;
  expect(full.lines[0]).toBe("ready 2");
  expect(full.lines[1]).toMatch(/^no-space .*update-00000003\.safetensors cannot be written/);
  expect(full.lines).toHaveLength(2);
  expect(folder.names()).toEqual(before.map(({ path }) => basename(path)).toSorted());
  for (const { path } of before) await readCheckpointFile(path);
});
