import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { memoryDirectory, readCheckpoint, readTensor, type Tensor } from "@internvit/model-core";
import { afterEach, beforeEach, expect, test } from "vitest";

import { parseModelReference } from "../../src/index.ts";
import {
  type DownloadedModel,
  downloadModel,
  type DownloadProgress,
  findCachedModel,
  type HubSettings,
  listCachedModels,
  verifyModel,
} from "../../src/node/index.ts";
import { type HubServer, sha256, gitSha1, startHub } from "@internvit/test-kit";
import {
  CHAT,
  ENCODER,
  failureOf,
  fileOf,
  filesBelow,
  LANGUAGE_SHARD,
  QUICK,
  settingsFor,
  temporaryFolder,
} from "../models.ts";

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

/** What stands in a cache folder besides our own notes. */
function cacheFiles(name: string): readonly string[] {
  return filesBelow(join(settings.cacheDirectory, name)).filter(
    (file) => !file.startsWith(".internvit/"),
  );
}

test("an encoder goes into the cache as huggingface_hub lays it out, without code and other weights", async () => {
  const model = await downloadModel(encoder, { settings, ...QUICK });
  const names = ["config.json", "model.safetensors", "preprocessor_config.json"];
  const root = join(settings.cacheDirectory, "models--OpenGVLab--tiny-layernorm");
  expect(model.path).toBe(join(root, "snapshots", ENCODER.commit));
  expect(model.commit).toBe(ENCODER.commit);
  expect(model.isExtract).toBe(false);
  expect(model.files.map(({ name }) => name).sort()).toEqual(names);
  const blobs = names.map((name) => {
    const bytes = fileOf(ENCODER, name);
    expect(new Uint8Array(readFileSync(join(model.path, name)))).toEqual(new Uint8Array(bytes));
    const blob = name.endsWith(".safetensors") ? sha256(bytes) : gitSha1(bytes);
    expect(readlinkSync(join(model.path, name))).toBe(`../../blobs/${blob}`);
    return `blobs/${blob}`;
  });
  const snapshot = `snapshots/${ENCODER.commit}`;
  expect(cacheFiles("models--OpenGVLab--tiny-layernorm")).toEqual(
    [...blobs, "refs/main", ...names.map((name) => `${snapshot}/${name}`)].sort(),
  );
  expect(readFileSync(join(root, "refs/main"), "utf8")).toBe(ENCODER.commit);
  expect(filesBelow(join(root, ".internvit/partial"))).toEqual([]);
  expect(model.bytesDownloaded).toBe(model.files.reduce((sum, { size }) => sum + size, 0));
});

test("what is in the cache is not fetched again; a commit needs no network at all", async () => {
  await downloadModel(encoder, { settings, ...QUICK });
  hub.log.length = 0;
  const again = await downloadModel(encoder, { settings });
  expect(again).toMatchObject({ bytesDownloaded: 0, revisionChecked: true });
  expect(hub.log).toHaveLength(1);
  await downloadModel({ ...encoder, revision: ENCODER.commit }, { settings });
  expect(hub.log).toHaveLength(1);
  const other = await downloadModel({ ...encoder, revision: "refs/pr/1" }, { settings });
  expect(other.bytesDownloaded).toBe(0);
  expect(await findCachedModel({ ...encoder, revision: "refs/pr/1" }, { settings })).toBe(
    again.path,
  );
});

test("the encoder of a chat model is an extract that holds its tensors and nothing else", async () => {
  for (const parts of ["encoder", "encoder-and-projector"] as const) {
    hub.log.length = 0;
    const model = await downloadModel(chat, { settings, parts, ...QUICK });
    expect(model.isExtract).toBe(true);
    expect(model.files.map(({ name }) => name)).toEqual(["model.safetensors", "config.json"]);
    const tensors = await tensorsIn(model);
    const wanted = [...(await readCheckpoint(memoryDirectory("whole", CHAT.files))).tensors.keys()]
      .filter((name) => name.startsWith("vision_model.") || name.startsWith("mlp1."))
      .filter((name) => parts === "encoder-and-projector" || !name.startsWith("mlp1."));
    expect([...tensors.keys()].sort()).toEqual(wanted.sort());
    expect(tensors).toEqual(await tensorsOf(CHAT.files, model));
    // Of the language shard only its head was read, for the names of its tensors.
    const ranges = hub.log.filter(
      ({ path, server }) => server === "cdn" && path.includes(LANGUAGE_SHARD),
    );
    expect(ranges.map(({ range }) => range)).toEqual(["bytes=0-131071"]);
  }
  const [projector, ...rest] = await listCachedModels(settings);
  expect(projector).toMatchObject({ repository: "OpenGVLab/tiny-chat", revisions: ["main"] });
  expect([projector, ...rest].map((model) => model?.parts)).toEqual([
    "encoder-and-projector",
    "encoder",
  ]);
});

test("an extract with the projector serves the encoder, and a complete snapshot serves everything", async () => {
  const withProjector = await downloadModel(chat, {
    settings,
    parts: "encoder-and-projector",
    ...QUICK,
  });
  const again = await downloadModel(chat, { settings, parts: "encoder" });
  expect(again).toMatchObject({ path: withProjector.path, bytesDownloaded: 0 });
  expect(await findCachedModel(chat, { settings, parts: "everything" })).toBeUndefined();

  const whole = await downloadModel(chat, { settings, parts: "everything", ...QUICK });
  expect(whole.isExtract).toBe(false);
  for (const name of [LANGUAGE_SHARD, "model-00003-of-00003.safetensors"]) {
    expect(new Uint8Array(readFileSync(join(whole.path, name)))).toEqual(
      new Uint8Array(fileOf(CHAT, name)),
    );
  }
  for (const parts of ["encoder", "encoder-and-projector", "everything"] as const) {
    expect(await findCachedModel(chat, { settings, parts })).toBe(whole.path);
  }
  expect(await listCachedModels(settings)).toHaveLength(1);
});

test("an encoder alone comes whole when a projector is wished for, too", async () => {
  const downloaded = await downloadModel(encoder, {
    settings,
    parts: "encoder-and-projector",
    ...QUICK,
  });
  expect(downloaded.isExtract).toBe(false);
  expect(await findCachedModel(encoder, { settings, parts: "encoder-and-projector" })).toBe(
    downloaded.path,
  );
});

test("offline, the cache serves; without it one message says what to do", async () => {
  const offline: HubSettings = { ...settings, offline: true };
  const error = await failureOf(downloadModel(encoder, { settings: offline }));
  expect(error.code).toBe("offline");
  for (const text of [
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "folder with config.json",
    "internvit synthesize",
  ])
    expect(error.message).toContain(text);
  expect(hub.log).toHaveLength(0);
  await downloadModel(encoder, { settings, ...QUICK });
  hub.log.length = 0;
  const model = await downloadModel(encoder, { settings: offline });
  expect(model).toMatchObject({ commit: ENCODER.commit, revisionChecked: false });
  expect(hub.log).toHaveLength(0);
});

test("a hub that cannot be reached is advised about once, or the cache serves", async () => {
  const options = { settings: settingsFor("http://127.0.0.1:9", folder.path), retryDelay: 1 };
  const error = await failureOf(downloadModel(encoder, options));
  expect(error.code).toBe("network");
  expect(error.message.match(/internvit synthesize/g)).toHaveLength(1);
  await downloadModel(encoder, { settings, ...QUICK });
  const model = await downloadModel(encoder, options);
  expect(model).toMatchObject({ bytesDownloaded: 0, revisionChecked: false });
});

test.each([
  ["an encoder", encoder, "encoder", ENCODER],
  ["an extract", chat, "encoder", CHAT],
  ["a whole chat model", chat, "everything", CHAT],
] as const)(
  "aborting %s rejects with the reason, and the next download goes on from there",
  async (_what, reference, parts, served) => {
    hub.blockBytes = 1000;
    const reason = new Error("enough");
    for (const limit of [1, 100_000, 200_000]) {
      const controller = new AbortController();
      let sent = 0;
      hub.onBytes = (count) => {
        sent += count;
        if (sent > limit) controller.abort(reason);
      };
      const { signal } = controller;
      const download = downloadModel(reference, { settings, parts, chunkBytes: 10_000, signal });
      await expect(download).rejects.toBe(reason);
      expect(await findCachedModel(reference, { settings, parts })).toBeUndefined();
    }
    hub.onBytes = undefined;
    const model = await downloadModel(reference, { settings, parts, chunkBytes: 10_000 });
    expect(await tensorsIn(model)).toEqual(await tensorsOf(served.files, model));
    const { ok } = await verifyModel(reference, { settings, parts });
    expect(ok).toBe(true);
  },
);

/** Every tensor of a model on the disk. */
async function tensorsIn(model: DownloadedModel) {
  const files = model.files.map(
    ({ name }) => [name, new Uint8Array(readFileSync(join(model.path, name)))] as const,
  );
  const { tensors } = await readCheckpoint(memoryDirectory("disk", new Map(files)));
  return readAll(new Map(files), [...tensors.keys()]);
}

/** The tensors of the same names in what was served. */
async function tensorsOf(files: ReadonlyMap<string, Uint8Array>, model: DownloadedModel) {
  return readAll(files, [...(await tensorsIn(model)).keys()]);
}

async function readAll(files: ReadonlyMap<string, Uint8Array>, names: readonly string[]) {
  const checkpoint = await readCheckpoint(memoryDirectory("memory", files));
  const tensors = new Map<string, Tensor>();
  for (const name of names) {
    const entry = checkpoint.tensors.get(name)!;
    tensors.set(name, await readTensor(checkpoint.files.get(entry.file)!, entry));
  }
  return tensors;
}

test("progress counts up to the size of each file and of everything", async () => {
  const events: DownloadProgress[] = [];
  hub.blockBytes = 4096;
  await downloadModel(encoder, { settings, ...QUICK, onProgress: (event) => events.push(event) });
  const last = events.at(-1)!;
  const size = fileOf(ENCODER, "model.safetensors").byteLength;
  expect(last).toMatchObject({
    file: "model.safetensors",
    done: size,
    total: size,
    waiting: false,
  });
  expect(last.modelDone).toBe(last.modelTotal);
  for (const [index, event] of events.entries()) {
    expect(event.done).toBeLessThanOrEqual(event.total);
    expect(event.modelDone).toBeGreaterThanOrEqual(events[index - 1]?.modelDone ?? 0);
  }
});

test("where links are not to be made, the files themselves stand in the snapshot", async () => {
  const plain = settingsFor(hub.endpoint, folder.path, { HF_HUB_DISABLE_SYMLINKS: "1" });
  const model = await downloadModel(encoder, { settings: plain, ...QUICK });
  for (const { name } of model.files) {
    expect(lstatSync(join(model.path, name)).isFile()).toBe(true);
    expect(sha256(readFileSync(join(model.path, name)))).toBe(sha256(fileOf(ENCODER, name)));
  }
  expect(await findCachedModel(encoder, { settings: plain })).toBe(model.path);
  hub.log.length = 0;
  await downloadModel(encoder, { settings: plain });
  expect(hub.log).toHaveLength(1);
});
