// Every example: built by its own script, served, opened in Chromium, and its numbers compared with Node's.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { fixturePath } from "@internvit/test-kit";
import { type Browser, chromium } from "playwright";
import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { serve } from "../../../examples/serve.mjs";
import { ADVICE, findChromium } from "../../../scripts/browser/find-chromium.mjs";
import { installCopy, programFolders } from "./install-copy.ts";
import { openPage, type PageReport } from "./open-page.ts";

const COPY = fileURLToPath(new URL("../../../.cache/examples", import.meta.url));
/** webpack takes as long as all the others, which are looked at meanwhile. */
const PAGES = ["node-and-page", "vite", "esbuild", "script-tag", "webpack"] as const;
const PICTURES = ["photo-420.jpg", "rgba.png"].map((name) => fixturePath("images", name));

const run = promisify(execFile);
const builds = new Map<string, Promise<void>>();
let examples: string;
let browser: Browser;
let expected: readonly (readonly number[])[];

beforeAll(async () => {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(ADVICE);
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  examples = installCopy(COPY);
  for (const name of PAGES) {
    builds.set(name, build(name));
    builds.get(name)!.catch(() => {});
  }
  await builds.get("node-and-page");
  const { stdout } = await run(process.execPath, ["node.js", "public/model", ...PICTURES], {
    cwd: join(examples, "node-and-page"),
  });
  expected = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  rmSync(COPY, { recursive: true, force: true });
});

async function build(name: string): Promise<void> {
  const PATH = [...programFolders(), process.env["PATH"]].join(delimiter);
  const shell = process.platform === "win32";
  const options = { cwd: join(examples, name), env: { ...process.env, PATH }, shell };
  try {
    await run("npm", ["run", "dist"], options);
  } catch (cause) {
    const { stdout, stderr } = cause as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${name} does not build: ${stdout}${stderr}`, { cause });
  }
}

/** What a page must do: show Node's numbers (four decimals of float32), keep the weights, and nothing that it should not. */
function nodesNumbers(isolated: boolean): object {
  const features = expected.map((feature) => feature.map((value) => expect.closeTo(value, 3)));
  return { isolated, features, kept: 1, problems: [] };
}

describe("the examples", () => {
  it.each(PAGES)("%s shows Node's numbers, cross-origin isolated or not", async (name) => {
    await builds.get(name);
    const open = async (isolated: boolean): Promise<PageReport> => {
      const { url, close } = await serve(join(examples, name, "dist"), { isolated });
      return await openPage(browser, { url, pictures: PICTURES }).finally(close);
    };
    const reports = await Promise.all([open(true), open(false)]);
    expect(reports).toEqual([nodesNumbers(true), nodesNumbers(false)]);
  });

  it.each([
    ["vite", false],
    ["node-and-page", true],
  ] as const)("%s shows them in Vite's development server", async (name, isolated) => {
    const server = await createServer({
      root: join(examples, name),
      logLevel: "error",
      server: { host: "127.0.0.1", port: 0 },
    });
    try {
      await server.listen();
      const url = server.resolvedUrls!.local[0]!;
      const report = await openPage(browser, { url, pictures: PICTURES });
      expect(report).toEqual(nodesNumbers(isolated));
    } finally {
      await server.close();
    }
  });

  it("have the same page, whatever bundles it", () => {
    const pages = ["vite", "webpack", "esbuild", "script-tag"].map((name) =>
      readFileSync(join(examples, name, "main.js"), "utf8"),
    );
    expect(new Set(pages).size).toBe(1);
  });
});
