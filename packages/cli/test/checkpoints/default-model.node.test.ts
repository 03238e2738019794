import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { parseEncoderConfig } from "@internvit/model-core";
import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  type DefaultModel,
  defaultModelFolder,
  ensureDefaultModel,
} from "../../src/checkpoints/default-model.ts";
import type { CliEvent } from "../../src/events.ts";
import { temporaryFolder } from "../run-cli.ts";

const MODEL: DefaultModel = {
  name: "tiny",
  config: parseEncoderConfig(
    JSON.parse(readFileSync(fixturePath("tiny-layernorm", "config.json"), "utf8")),
  ).config,
};

async function ensure(
  cache: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly folder: string; readonly wrote: boolean }> {
  const events: CliEvent[] = [];
  const report = (event: CliEvent): void => void events.push(event);
  const folder = await ensureDefaultModel(MODEL, { cache, report, signal });
  return { folder, wrote: events.some(({ event }) => event === "progress") };
}

describe("the default model", () => {
  it("is written on first use and used from then on", async () => {
    using cache = temporaryFolder();
    const first = await ensure(join(cache.path, "not", "there", "yet"));
    expect(first.wrote).toBe(true);
    expect(readdirSync(first.folder).toSorted()).toEqual([
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
    ]);
    const second = await ensure(join(cache.path, "not", "there", "yet"));
    expect(second).toEqual({ folder: first.folder, wrote: false });
  });

  const damages: Readonly<Record<string, (folder: string) => void>> = {
    "cut off": (folder) => truncateSync(join(folder, "model.safetensors"), 1000),
    "zeros in its full length": (folder) => {
      const path = join(folder, "model.safetensors");
      writeFileSync(path, new Uint8Array(readFileSync(path).byteLength));
    },
    "zeros after its header": (folder) => {
      const path = join(folder, "model.safetensors");
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0, 8 + Number(bytes.readBigUInt64LE(0))));
    },
    "without weights": (folder) => rmSync(join(folder, "model.safetensors")),
    "with another config": (folder) => {
      const path = join(folder, "config.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("64", "46"));
    },
    "a file": (folder) => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "");
    },
    empty: (folder) => {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    },
  };

  it.each(Object.keys(damages))("is written again when it is %s", async (what) => {
    using cache = temporaryFolder();
    const { folder } = await ensure(cache.path);
    const whole = readFileSync(join(folder, "model.safetensors"));
    damages[what]!(folder);
    expect((await ensure(cache.path)).wrote).toBe(true);
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(whole);
    expect((await ensure(cache.path)).wrote).toBe(false);
    expect(readdirSync(join(cache.path, "models"))).toEqual(["tiny-seed0-bf16"]);
  });

  it("can be asked for by many at once, also when it is damaged", async () => {
    using cache = temporaryFolder();
    for (let round = 0; round < 5; round++) {
      const all = await Promise.all(Array.from({ length: 6 }, () => ensure(cache.path)));
      expect(new Set(all.map(({ folder }) => folder)).size).toBe(1);
      expect(readdirSync(join(cache.path, "models"))).toEqual(["tiny-seed0-bf16"]);
      expect((await ensure(cache.path)).wrote).toBe(false);
      truncateSync(join(all[0]!.folder, "model.safetensors"), 10);
    }
  });

  it("leaves nothing behind when it is interrupted", async () => {
    using cache = temporaryFolder();
    const reason = new Error("stop");
    await expect(ensure(cache.path, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(readdirSync(join(cache.path, "models"))).toEqual([]);
  });

  it("removes what killed processes left, and nothing that is being written", async () => {
    using cache = temporaryFolder();
    const folder = defaultModelFolder(cache.path, MODEL);
    const models = join(cache.path, "models");
    const old = new Date(Date.now() - 3_600_000);
    for (const [name, time] of [
      ["1-00000000", old],
      ["2-00000000", new Date()],
    ] as const) {
      const part = join(models, `.tiny-seed0-bf16.${name}.part`);
      mkdirSync(part, { recursive: true });
      writeFileSync(join(part, "model.safetensors"), "");
      utimesSync(join(part, "model.safetensors"), time, time);
      utimesSync(part, old, old);
    }
    expect((await ensure(cache.path)).folder).toBe(folder);
    expect(readdirSync(models).toSorted()).toEqual([
      ".tiny-seed0-bf16.2-00000000.part",
      "tiny-seed0-bf16",
    ]);
  });
});
