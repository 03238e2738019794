import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
const { files } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
  files: Record<string, { bytes: number; sha256: string }>;
};

test("every fixture is the file that the manifest lists", () => {
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    const content = readFileSync(join(folder, name));
    expect(content.length, name).toBe(bytes);
    expect(createHash("sha256").update(content).digest("hex"), name).toBe(sha256);
  }
});

// Whoever clones takes them along for ever. Gradients and trainings of whole encoders and heads are half of them.
test("the manifest lists every fixture, and they stay below 24 MB", () => {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .filter((name) => !["manifest.json", "README.md"].includes(name));
  expect(names.toSorted()).toEqual(Object.keys(files).toSorted());
  const total = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  expect(total).toBeLessThan(24_000_000);
});
