import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { hubSettings } from "../../src/node/index.ts";
import { temporaryFolder } from "../models.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test("an empty environment means huggingface.co, the user's cache and no proxy", () => {
  const settings = hubSettings({ HF_TOKEN_PATH: join(folder.path, "none") });
  expect(settings).toEqual({
    endpoint: "https://huggingface.co",
    token: undefined,
    cacheDirectory: join(homedir(), ".cache", "huggingface", "hub"),
    offline: false,
    proxy: { http: "", https: "", none: "" },
    symlinks: true,
  });
});

const cache = (env: Record<string, string>) => hubSettings(env).cacheDirectory;

test("the cache is where HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME say, in this order", () => {
  const all = { XDG_CACHE_HOME: "/xdg", HF_HOME: "/home", HF_HUB_CACHE: "/cache" };
  expect(cache(all)).toBe("/cache");
  expect(cache({ ...all, HF_HUB_CACHE: "" })).toBe("/home/hub");
  expect(cache({ XDG_CACHE_HOME: "/xdg" })).toBe("/xdg/huggingface/hub");
  expect(cache({ HF_HOME: "~/hf" })).toBe(join(homedir(), "hf", "hub"));
});

test("the token comes from HF_TOKEN, else from the file of `hf auth login`", () => {
  const home = join(folder.path, "hf");
  mkdirSync(home);
  writeFileSync(join(home, "token"), "hf_file\n");
  expect(hubSettings({ HF_HOME: home }).token).toBe("hf_file");
  expect(hubSettings({ HF_HOME: home, HF_TOKEN: " hf_env " }).token).toBe("hf_env");
  expect(hubSettings({ HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }).token).toBeUndefined();
  const other = join(folder.path, "other");
  writeFileSync(other, "hf_other");
  expect(hubSettings({ HF_HOME: home, HF_TOKEN_PATH: other }).token).toBe("hf_other");
});

test("switches take the words that huggingface_hub takes", () => {
  for (const text of ["1", "true", "YES", "On"]) {
    expect(hubSettings({ HF_HUB_OFFLINE: text }).offline).toBe(true);
  }
  for (const text of ["0", "", "no", "off"]) {
    expect(hubSettings({ HF_HUB_OFFLINE: text }).offline).toBe(false);
  }
  expect(hubSettings({ HF_ENDPOINT: "https://mirror.example/" }).endpoint).toBe(
    "https://mirror.example",
  );
});
