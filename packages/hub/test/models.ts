// The repositories that the tests serve, and where they keep what they download.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeSafetensors } from "@internvit/model-core";
import { createRandom, fixturePath, type ServedModel } from "@internvit/test-kit";

import { type HubError, isHubError } from "../src/index.ts";
import { hubSettings, type HubSettings } from "../src/node/index.ts";

/** A stand-alone encoder in one file, with things that must never be downloaded. */
export const ENCODER: ServedModel = {
  repository: "OpenGVLab/tiny-layernorm",
  commit: "1".repeat(40),
  revisions: ["main", "refs/pr/1"],
  files: new Map([
    ...fixture("tiny-layernorm"),
    ["modeling_intern_vit.py", Buffer.from("print('never')\n")],
    ["pytorch_model.bin", Buffer.alloc(5000, 1)],
  ]),
};

/** A chat model of which encoder and projector are a fifth: it has one more shard of two megabytes of language. */
export const CHAT: ServedModel = {
  repository: "OpenGVLab/tiny-chat",
  commit: "2".repeat(40),
  files: withLanguageShard(new Map(fixture("tiny-chat"))),
};

/** The shard of `CHAT` that nobody but a language model needs. */
export const LANGUAGE_SHARD = "model-language.safetensors";

/** Eight megabytes of noise that say they are weights. */
export const NOISE: ServedModel = noise(8_388_608 + 12_345);

/** A model of so many random bytes. */
export function noise(byteLength: number, seed = 20260101): ServedModel {
  const random = createRandom(seed);
  const weights = new Uint8Array(byteLength);
  for (let i = 0; i < byteLength; i++) weights[i] = random.below(256);
  return {
    repository: "test/noise",
    commit: "3".repeat(40),
    files: new Map([
      ["config.json", Buffer.from("{}\n")],
      ["model.safetensors", weights],
    ]),
  };
}

/** The `HubError` that a promise rejects with; everything else is passed on. */
export async function failureOf(promise: Promise<unknown>): Promise<HubError> {
  const error: unknown = await promise.then(
    () => new Error("expected a HubError, but it succeeded"),
    (error: unknown) => error,
  );
  if (!isHubError(error)) throw error;
  return error;
}

/** A file of a served model. */
export function fileOf(model: ServedModel, name: string): Uint8Array {
  const bytes = model.files.get(name);
  if (bytes === undefined) throw new Error(`${model.repository} has no ${name}`);
  return bytes;
}

/** A new empty folder, and its removal. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "internvit-hub-")));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Settings that know nothing of this machine's environment. */
export function settingsFor(
  endpoint: string,
  home: string,
  env: Readonly<Record<string, string>> = {},
): HubSettings {
  return hubSettings({ HF_ENDPOINT: endpoint, HF_HOME: home, ...env });
}

/** Options that make tests quick: short waits before retries. */
export const QUICK = { retryDelay: 1, chunkBytes: 2 ** 16 } as const;

/** Every file below a folder, with `/`, sorted; links too. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function withLanguageShard(files: Map<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const name = "language_model.model.layers.0.mlp.up_proj.weight";
  const data = new Uint16Array(2 ** 20).fill(0x3f80);
  const pieces = encodeSafetensors(
    new Map([[name, { dtype: "bfloat16", shape: [1024, 1024], data }]]),
  );
  const index = JSON.parse(Buffer.from(files.get("model.safetensors.index.json")!).toString()) as {
    weight_map: Record<string, string>;
  };
  index.weight_map[name] = "model-language.safetensors";
  return files
    .set("model-language.safetensors", Buffer.concat([...pieces]))
    .set("model.safetensors.index.json", Buffer.from(JSON.stringify(index)));
}

function fixture(name: string): [string, Uint8Array][] {
  return readdirSync(fixturePath(name))
    .filter((file) => file !== "expected.safetensors")
    .map((file) => [file, readFileSync(fixturePath(name, file))]);
}
