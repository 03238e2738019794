import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { fileSource } from "../src/file-source.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-source-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("reads ranges of a file", async () => {
  const path = join(folder, "bytes");
  await writeFile(path, Uint8Array.of(0, 1, 2, 3, 4, 5));
  const source = await fileSource(path);
  expect(source?.byteLength).toBe(6);
  expect(await source?.read(1, 4)).toEqual(Uint8Array.of(1, 2, 3));
  expect(await source?.read(6, 6)).toEqual(new Uint8Array());
});

test("a missing file is undefined, a folder an error", async () => {
  expect(await fileSource(join(folder, "nothing"))).toBeUndefined();
  await expect(fileSource(folder)).rejects.toMatchObject({ name: "RuntimeError", code: "io" });
});

test("a file that is cut while it is in use is an error, never zeros", async () => {
  const path = join(folder, "cut");
  await writeFile(path, new Uint8Array(100));
  const source = await fileSource(path);
  await truncate(path, 40);
  await expect(source?.read(20, 60)).rejects.toThrow(/ends at byte 40, but bytes \[20, 60\)/);
});

test("an aborted read rejects with the reason", async () => {
  const path = join(folder, "abort");
  await writeFile(path, new Uint8Array(10));
  const source = await fileSource(path);
  const reason = new Error("stop");
  await expect(source?.read(0, 10, AbortSignal.abort(reason))).rejects.toBe(reason);
});
