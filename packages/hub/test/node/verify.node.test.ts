import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { parseModelReference } from "../../src/index.ts";
import {
  downloadModel,
  findCachedModel,
  type HubSettings,
  repairModel,
  verifyModel,
} from "../../src/node/index.ts";
import { type HubServer, startHub } from "@internvit/test-kit";
import { CHAT, ENCODER, failureOf, QUICK, settingsFor, temporaryFolder } from "../models.ts";

let hub: HubServer;
let folder: ReturnType<typeof temporaryFolder>;
let settings: HubSettings;
beforeEach(async () => {
  hub = await startHub([ENCODER, CHAT]);
  folder = temporaryFolder();
  settings = settingsFor(hub.endpoint, folder.path);
});
afterEach(async () => {
  await hub.close();
  folder.remove();
});

const encoder = parseModelReference("OpenGVLab/tiny-layernorm")!;
const chat = parseModelReference("OpenGVLab/tiny-chat")!;

/** Changes one byte, or the length. */
function damage(path: string, how: "byte" | "length"): void {
  const real = realpathSync(path);
  if (how === "length") truncateSync(real, 100);
  else {
    const copy = `${real}.copy`;
    copyFileSync(real, copy);
    writeFileSync(copy, "x", { flag: "r+" });
    rmSync(real);
    copyFileSync(copy, real);
    rmSync(copy);
  }
}

async function statesOf(model: Parameters<typeof verifyModel>[0]) {
  const { ok, files } = await verifyModel(model, { settings });
  expect(ok).toBe(files.every(({ state }) => state === "ok"));
  return Object.fromEntries(files.map(({ name, state }) => [name, state]));
}

test.each([
  ["a snapshot", encoder],
  ["an extract", chat],
])("%s is verified file by file, and repaired", async (_kind, reference) => {
  const model = await downloadModel(reference, { settings, ...QUICK });
  hub.log.length = 0;
  const right = await statesOf(reference);
  expect(new Set(Object.values(right))).toEqual(new Set(["ok"]));
  expect(Object.keys(right).sort()).toEqual(model.files.map(({ name }) => name).sort());
  expect(hub.log).toHaveLength(0);

  const weights = join(model.path, "model.safetensors");
  damage(weights, "byte");
  expect(await statesOf(reference)).toEqual({ ...right, "model.safetensors": "wrong-hash" });
  expect(await repairModel(reference, { settings, ...QUICK })).toMatchObject({ path: model.path });
  expect(await statesOf(reference)).toEqual(right);

  damage(weights, "length");
  expect(await statesOf(reference)).toEqual({ ...right, "model.safetensors": "wrong-size" });
  expect(await findCachedModel(reference, { settings })).toBeUndefined();
  await repairModel(reference, { settings, ...QUICK });
  expect(await statesOf(reference)).toEqual(right);

  rmSync(realpathSync(weights));
  expect(await statesOf(reference)).toEqual({ ...right, "model.safetensors": "missing" });
  await repairModel(reference, { settings, ...QUICK });
  expect(await statesOf(model.path)).toEqual(right);
});

test("a cache that another program filled is verified by the names of its blobs", async () => {
  const model = await downloadModel(encoder, { settings, ...QUICK });
  rmSync(join(model.path, "../../.internvit"), { recursive: true });
  expect(new Set(Object.values(await statesOf(encoder)))).toEqual(new Set(["ok"]));
  damage(join(model.path, "model.safetensors"), "length");
  damage(join(model.path, "config.json"), "byte");
  expect(await statesOf(encoder)).toMatchObject({
    "model.safetensors": "wrong-hash",
    "config.json": "wrong-hash",
    "preprocessor_config.json": "ok",
  });
});

test("files that nothing is known about are unknown, and never ok", async () => {
  const model = await downloadModel(encoder, { settings, ...QUICK });
  const plain = join(folder.path, "plain");
  mkdirSync(plain);
  for (const name of readdirSync(model.path))
    copyFileSync(join(model.path, name), join(plain, name));
  expect(new Set(Object.values(await statesOf(plain)))).toEqual(new Set(["unknown"]));
});

test("a model that is not in the cache cannot be verified, but repaired, which downloads it", async () => {
  expect((await failureOf(verifyModel(encoder, { settings }))).code).toBe("not-found");
  const model = await repairModel(encoder, { settings, ...QUICK });
  expect(new Set(Object.values(await statesOf(model.path)))).toEqual(new Set(["ok"]));
});
