import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { withLock } from "../../src/node/lock.ts";
import { temporaryFolder } from "../models.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "file.lock");
});
afterEach(() => folder.remove());

/** A lock file as an owner writes it, with another process's number. */
async function lockOf(pid: number): Promise<string> {
  const text = await withLock(path, { signal: undefined }, async () => readFileSync(path, "utf8"));
  return text.replace(/"pid":\d+/, `"pid":${pid}`);
}

test("of many that want it, one has it at a time, and nothing is left", async () => {
  let [inside, most, done] = [0, 0, 0];
  let waits = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, { signal: undefined, onWaiting: () => waits++ }, async () => {
        most = Math.max(most, ++inside);
        await sleep(5);
        inside--;
        done++;
      }),
    ),
  );
  expect([most, done]).toEqual([1, 8]);
  expect(waits).toBeGreaterThan(0);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("the lock of a process that is dead is taken over at once", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(path, await lockOf(pid));
  const start = performance.now();
  await withLock(path, { signal: undefined }, async () => undefined);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(existsSync(path)).toBe(false);
});

test("the lock of another machine is taken over when it no longer beats, whatever its clock says", async () => {
  const text = (await lockOf(1)).replace(/"host":"/, '"host":"elsewhere-');
  for (const years of [-10, 10]) {
    writeFileSync(path, text);
    const date = new Date(Date.now() + years * 365 * 86_400_000);
    utimesSync(path, date, date);
    const start = performance.now();
    await withLock(path, { signal: undefined, staleAfter: 600 }, async () => undefined);
    expect(performance.now() - start).toBeGreaterThan(600);
  }
});

test("several waiters take over a stale lock one after the other", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(path, await lockOf(pid));
  let [inside, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 6 }, () =>
      withLock(path, { signal: undefined }, async () => {
        most = Math.max(most, ++inside);
        await sleep(10);
        inside--;
      }),
    ),
  );
  expect(most).toBe(1);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("a lock that its owner keeps touching is not taken, and waiting for it can be aborted", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  await withLock(path, { signal: undefined, staleAfter: 400 }, async () => {
    setTimeout(() => controller.abort(reason), 1500);
    const options = { signal: controller.signal, staleAfter: 400 };
    await expect(withLock(path, options, async () => "taken")).rejects.toBe(reason);
  });
});

test("an owner whose lock was taken away stops, waits and begins again", async () => {
  let rounds = 0;
  const result = await withLock(path, { signal: undefined, staleAfter: 400 }, async (signal) => {
    if (++rounds > 1) return "done";
    writeFileSync(path, readFileSync(path, "utf8").replace(/"token":".*"/, '"token":"other"'));
    setTimeout(() => writeFileSync(path, ""), 300);
    await sleep(60_000, undefined, { signal });
    return "not stopped";
  });
  expect([result, rounds]).toEqual(["done", 2]);
});
