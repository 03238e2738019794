import type { ByteSource } from "@internvit/model-core";
import { expect, test } from "vitest";

import { type CheckpointRecord, recordDirectory } from "../../src/store/checkpoint-record.ts";

const ADDRESS = "https://example.com/model";

/** Files of a server by name, with a version and a log of what was read; `down` breaks it. */
interface Server {
  readonly files: Record<string, { text: string; version: string | undefined }>;
  readonly reads: string[];
  down: boolean;
}

function server(): Server {
  return {
    files: {
      "config.json": { text: '{"hidden_size": 8}', version: "a1" },
      "model.safetensors": { text: "head, and weights", version: "w1" },
    },
    reads: [],
    down: false,
  };
}

function directoryOf(from: Server) {
  const reach = (): void => {
    if (from.down) throw new TypeError("Failed to fetch");
  };
  return {
    label: "model@1",
    address: ADDRESS,
    async open(name: string): Promise<ByteSource | undefined> {
      reach();
      const file = from.files[name];
      if (file === undefined) return undefined;
      const bytes = new TextEncoder().encode(file.text);
      return {
        byteLength: bytes.length,
        ...(file.version === undefined ? {} : { version: file.version }),
        async read(start, end) {
          reach();
          from.reads.push(name);
          return bytes.slice(start, end);
        },
      };
    },
  };
}

async function textOf(source: ByteSource | undefined, end = source?.byteLength ?? 0) {
  return new TextDecoder().decode(await source!.read(0, end));
}

/** Opens as a checkpoint is opened: a config whole, one that is not there, the head of a file. */
async function visit(from: Server, earlier?: CheckpointRecord) {
  const recorded = recordDirectory(directoryOf(from), earlier);
  const { directory } = recorded;
  const config = await textOf(await directory.open("config.json"));
  const absent = await directory.open("preprocessor_config.json");
  const weights = await directory.open("model.safetensors");
  const head = await textOf(weights, 4);
  return { config, absent, weights, head, record: recorded.finish(), offline: recorded.offline };
}

test("while nothing changed, versions are asked for and nothing is read again", async () => {
  const site = server();
  const first = await visit(site);
  expect(first.record?.files["preprocessor_config.json"]).toBeNull();
  site.reads.length = 0;
  const again = await visit(site, first.record);
  expect(site.reads).toEqual([]);
  expect([again.config, again.head]).toEqual([first.config, "head"]);
  expect(again.record).toBe(first.record);
  // Weights are read after the record is finished, and are no part of it.
  expect(await textOf(again.weights)).toBe("head, and weights");
  expect(JSON.stringify(again.record)).not.toContain(btoa("head, and weights"));
});

test("without the server the record takes its place, for what was read of it", async () => {
  const site = server();
  const { record } = await visit(site);
  site.down = true;
  const offline = await visit(site, record);
  expect(offline.offline).toBe("Failed to fetch");
  expect([offline.config, offline.absent, offline.head]).toEqual([
    '{"hidden_size": 8}',
    undefined,
    "head",
  ]);
  expect(offline.record).toBeUndefined();
  await expect(textOf(offline.weights)).rejects.toThrow(/cannot be reached.*never stored/);
  await expect(visit(site)).rejects.toThrow("Failed to fetch");
});

test("a changed file is read anew, and never put together with the record of another", async () => {
  const site = server();
  const { record } = await visit(site);
  site.files["config.json"] = { text: '{"hidden_size": 9}', version: "a2" };
  const changed = await visit(site, record);
  expect(changed.config).toBe('{"hidden_size": 9}');
  expect(changed.record?.files["config.json"]?.version).toBe("a2");

  const { directory } = recordDirectory(directoryOf(site), record);
  await directory.open("config.json");
  site.down = true;
  await expect(directory.open("model.safetensors")).rejects.toThrow("Failed to fetch");
});

test("files of unknown version are not recorded, and errors that are not the network's stay errors", async () => {
  const site = server();
  const { record } = await visit(site);
  site.files["config.json"] = { text: "{}", version: undefined };
  expect((await visit(site, record)).record).toBeUndefined();
  const failing = {
    ...directoryOf(site),
    open: async () => {
      throw new Error("this token may not read it");
    },
  };
  const { directory } = recordDirectory(failing, record);
  await expect(directory.open("config.json")).rejects.toThrow("this token may not read it");
});
