import { expect, test } from "vitest";

import { checkPackage } from "../src/check-package.ts";
import { type PackageChanges, writePackage } from "./write-package.ts";

async function problemsOf(changes: PackageChanges): Promise<readonly string[]> {
  const directory = await writePackage(changes);
  return (await checkPackage(directory, { sound: "browser" })).problems;
}

test("a sound package has no problems", async () => {
  const directory = await writePackage();
  expect(await checkPackage(directory, { sound: "browser" })).toMatchObject({
    name: "sound",
    entries: 1,
    files: 7,
    problems: [],
  });
});

test("an export that points to no file is found, by us, by publint and by are-the-types-wrong", async () => {
  const exports = { ".": { types: "./lib/main.d.ts", default: "./lib/main.js" } };
  const problems = await problemsOf({ manifest: { exports } });
  expect(problems).toContain('exports["."].default: lib/main.js is not in the tarball');
  expect(problems).toContainEqual(expect.stringMatching(/^publint: FILE_DOES_NOT_EXIST: /));
  expect(problems).toContainEqual(expect.stringMatching(/^are-the-types-wrong: .*: \./));
});

test("a module of Node's in an entry for browsers is found", async () => {
  const files = {
    "lib/twice.js":
      'import { sep } from "node:path";\nexport const twice = (value) => value * sep.length;\n',
  };
  const [problem, ...others] = await problemsOf({ files });
  expect(problem).toMatch(/^sound: a browser has no node:path in .*twice\.js$/);
  expect(others).toEqual([]);
});

test("a module of Node's that is only imported when needed is found too", async () => {
  const files = { "lib/twice.js": 'export const twice = () => import("fs");\n' };
  expect(await problemsOf({ files })).toEqual([
    expect.stringMatching(/^sound: a browser has no fs in .*twice\.js$/),
  ]);
});

test("an entry for Node may use Node", async () => {
  const directory = await writePackage({
    files: {
      "lib/twice.js": 'import { sep } from "node:path";\nexport const twice = () => sep;\n',
    },
  });
  const { problems } = await checkPackage(directory, { sound: "node" });
  expect(problems).toEqual([]);
});

test("an entry of which nobody said where it runs is a problem", async () => {
  const { problems } = await checkPackage(await writePackage(), {});
  expect(problems).toEqual(["sound: not said whether it runs in browsers (entries.ts)"]);
});

test("a statement that runs at import is found although sideEffects is false", async () => {
  const files = {
    "lib/twice.js":
      "if (globalThis.window) window.x = 1;\nexport const twice = (value) => value;\n",
  };
  expect(await problemsOf({ files })).toEqual([
    "sound: runs when it is imported: if (globalThis.window) window.x = 1;",
  ]);
});

test("a global that is set in the value of a constant is found", async () => {
  const files = { "lib/twice.js": "export const twice = (globalThis.sound = (value) => value);\n" };
  expect(await problemsOf({ files })).toContain(
    "sound: importing it changes the process: globalThis.sound",
  );
});

test("a patched method, a timer and a listener are found", async () => {
  const files = {
    "lib/twice.js": [
      "const find = Object.assign(Array.prototype, { find: () => 1 });",
      "const timer = setInterval(() => {}, 1000);",
      'const listener = process.on("warning", () => {});',
      "export const twice = () => [find, timer, listener];",
      "",
    ].join("\n"),
  };
  expect(await problemsOf({ files })).toEqual([
    "sound: importing it changes the process: globalThis.Array.prototype.find",
    'sound: importing it changes the process: listeners of "warning" on process',
    "sound: importing it changes the process: open handles of kind Timeout",
  ]);
});

test("an entry that Node cannot import, as a server does that renders pages, is found", async () => {
  const files = { "lib/twice.js": "export const twice = document.title;\n" };
  expect(await problemsOf({ files })).toEqual([
    "sound: Node cannot import it: ReferenceError: document is not defined",
  ]);
});

test("output at import is found", async () => {
  const files = { "lib/twice.js": 'export const twice = console.log("here I am");\n' };
  expect(await problemsOf({ files })).toEqual(["sound: importing it prints: here I am"]);
});

test("a package that does not declare itself free of side effects is found", async () => {
  const problems = await problemsOf({
    manifest: { sideEffects: undefined },
    files: { "lib/twice.js": "export const twice = console.debug.bind(console);\n" },
  });
  expect(problems).toContain("sound: package.json does not say sideEffects: false");
});
