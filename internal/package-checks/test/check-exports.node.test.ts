import { expect, test } from "vitest";

import { checkExports } from "../src/check-exports.ts";
import { packPackage } from "../src/packed-package.ts";
import { type PackageChanges, writePackage } from "./write-package.ts";

async function problemsOf(changes: PackageChanges): Promise<readonly string[]> {
  return checkExports(await packPackage(await writePackage(changes)));
}

test("an export that is built but not published is found", async () => {
  const problems = await problemsOf({ manifest: { files: ["lib/*.d.ts", "lib/twice.js"] } });
  expect(problems).toContain('exports["."].default: lib/index.js is not in the tarball');
});

test("a module that a published one imports and that is not published is found", async () => {
  const problems = await problemsOf({ manifest: { files: ["lib", "!lib/twice.js"] } });
  expect(problems).toContain("lib/index.js: ./twice.js is not in the tarball");
});

test("a worker that is not published is found", async () => {
  const problems = await problemsOf({
    files: {
      "lib/twice.js":
        'export const twice = () => new Worker(new URL("./worker.js", import.meta.url));\n',
    },
  });
  expect(problems).toContain("lib/twice.js: ./worker.js is not in the tarball");
});

test("a command must be a script", async () => {
  const problems = await problemsOf({ manifest: { bin: { sound: "./lib/index.js" } } });
  expect(problems).toContain("bin.sound: expected a script that begins with #! at lib/index.js");
});
