import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { VERSION } from "../src/version.ts";

it("is the package's version", () => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(VERSION).toBe(JSON.parse(manifest).version);
});
