// Runs the README's example as it stands, with its two file names pointing at golden files.

import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";

import { goldenPath } from "@internvit/test-kit";
import { expect, it } from "vitest";

import * as core from "../src/index.ts";
import * as decoder from "../src/sharp/index.ts";

const MODULES: Readonly<Record<string, object>> = {
  "node:fs/promises": fs,
  "@internvit/preprocess": core,
  "@internvit/preprocess/sharp": decoder,
};

it("the README's example runs", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([^]*?)```/.exec(readme)![1]!;
  const paths: Readonly<Record<string, string>> = {
    "preprocessor_config.json": goldenPath("tiny-layernorm", "preprocessor_config.json"),
    "photo.jpg": goldenPath("images", "photo-420.jpg"),
  };
  const body = example
    .replaceAll(/import (\{[^}]*\}) from ("[^"]+");/g, "const $1 = modules[$2];")
    .replaceAll(/"(preprocessor_config\.json|photo\.jpg)"/g, (_, name: string) =>
      JSON.stringify(paths[name]),
    );
  const printed: unknown[] = [];
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...source: readonly string[]
  ) => (modules: unknown, console: unknown) => Promise<void>;
  await new AsyncFunction("modules", "console", body)(MODULES, {
    log: (value: unknown) => printed.push(value),
  });
  expect(printed).toEqual([[1, 3, expect.any(Number), expect.any(Number)]]);
});
