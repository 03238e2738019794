import { expect, test } from "vitest";

import { checkContents } from "../src/check-contents.ts";
import { packPackage } from "../src/packed-package.ts";
import { type PackageChanges, writePackage } from "./write-package.ts";

async function problemsOf(changes: PackageChanges): Promise<readonly string[]> {
  return checkContents(await packPackage(await writePackage(changes)));
}

test.each([
  ["a licence", { files: { LICENSE: undefined } }, "expected a LICENSE in the tarball"],
  [
    "a README",
    { files: { "README.md": undefined } },
    "expected a README.md in the tarball that names sound",
  ],
  [
    "its own name in the README",
    { files: { "README.md": "# something\n" } },
    "expected a README.md in the tarball that names sound",
  ],
  ["engines", { manifest: { engines: undefined } }, 'package.json: expected "engines.node"'],
  [
    "dependencies that a registry understands",
    { manifest: { dependencies: { other: "file:../other" } } },
    "package.json: dependencies: other: expected a range, found file:../other",
  ],
])("a package needs %s", async (_what, changes, problem) => {
  expect(await problemsOf(changes)).toContain(problem);
});

test("notes of the compiler and tests are not published", async () => {
  const files = { "lib/.tsbuildinfo": "{}", "lib/test/twice.test.js": "" };
  const problems = await problemsOf({ files });
  expect(problems).toContain("lib/.tsbuildinfo: the compiler's notes are published");
  expect(problems).toContain("lib/test/twice.test.js: a test is published");
});
