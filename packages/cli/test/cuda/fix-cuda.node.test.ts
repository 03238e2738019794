import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

import { createRandom } from "@internvit/test-kit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { CommandContext } from "../../src/context.ts";
import { embeddedModel } from "../../src/checkpoints/default-model.ts";
import { fixCuda, type CudaSource, type FixedCuda } from "../../src/commands/fix-cuda.ts";
import { CUDA_FILES, CUDA_PACKAGE } from "../../src/cuda/cuda-package.ts";
import type { CliEvent } from "../../src/events.ts";
import { runCli, temporaryFolder } from "../run-cli.ts";
import { type NugetServer, startNuget, writeZip } from "./nuget-server.ts";

const VERSION = "1.30.0";
const NAMES = CUDA_FILES.map((file) => basename(file));

function noise(length: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

const LIBRARIES = Object.fromEntries(
  CUDA_FILES.map((name, index) => [name, noise(300_000, index)] as const),
);
const PACKAGE = writeZip({ "readme.txt": Buffer.from("hello"), ...LIBRARIES });

let folder: ReturnType<typeof temporaryFolder>;
let feed: NugetServer;
let events: CliEvent[];
beforeEach(async () => {
  folder = temporaryFolder();
  feed = await startNuget({ id: CUDA_PACKAGE, version: VERSION }, PACKAGE);
  events = [];
});
afterEach(async () => {
  await feed[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const bin = (): string => join(folder.path, "bin");

/** Repairs an installation that is only a folder. */
function fix(source: Partial<CudaSource> = {}, signal?: AbortSignal): Promise<FixedCuda> {
  mkdirSync(bin(), { recursive: true });
  const context: CommandContext = {
    report: (event) => void events.push(event),
    signal: signal ?? new AbortController().signal,
    env: { INTERNVIT_CACHE: join(folder.path, "cache") },
    defaultModel: embeddedModel(),
  };
  const from = feed.index;
  const installation = { version: VERSION, folder: bin() };
  return fixCuda({ from, sha512: undefined, installation, ...source }, context);
}

function expectInstalled(): void {
  expect(readdirSync(bin()).sort()).toEqual([...NAMES].sort());
  for (const [name, content] of Object.entries(LIBRARIES)) {
    const link = join(bin(), basename(name));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(link).equals(content)).toBe(true);
  }
}

describe.skipIf(process.platform === "win32")("the CUDA libraries", () => {
  test("come from a feed, checked against the hash of its catalog, and are linked into place", async () => {
    const { files, links } = await fix();
    expectInstalled();
    expect(links).toEqual(NAMES.map((name) => join(bin(), name)));
    expect(files.every((file) => file.startsWith(join(folder.path, "cache")))).toBe(true);
    // How much it is, before it comes.
    const [first] = events.filter(({ event }) => event === "notice");
    expect(first).toMatchObject({
      message: expect.stringMatching(/^downloading 90\d\.\d kB from http/),
    });
    const kept = readdirSync(join(folder.path, "cache/onnxruntime", `${VERSION}-cuda12-linux-x64`));
    expect(kept.sort()).toEqual([".internvit", "lib"]);
  });

  test("are only linked again when an installation was made anew", async () => {
    await fix();
    rmSync(bin(), { recursive: true });
    feed.log.length = 0;
    await fix();
    expectInstalled();
    await fix();
    expect(feed.log).toEqual([]);
  });

  test("come from a package at any address whose hash was given", async () => {
    const sha512 = createHash("sha512").update(PACKAGE).digest("hex");
    await fix({ from: feed.packageUrl, sha512 });
    expectInstalled();
    expect(feed.log.every((path) => path.includes(".nupkg"))).toBe(true);
  });

  test("are not installed when the bytes have another hash than the catalog says", async () => {
    feed.hash = createHash("sha512").update("another").digest("base64");
    await expect(fix()).rejects.toMatchObject({ name: "HubError", code: "mismatch" });
    expect(readdirSync(bin())).toEqual([]);
  });

  test("are not installed when the feed says no SHA-512, or has no such version", async () => {
    feed.hash = "short";
    await expect(fix()).rejects.toThrow(/catalog\/entry\.json: expected packageHash.* NuGet feed/);
    const other = { version: "9.9.9", folder: bin() };
    const source = { installation: other } as Partial<CudaSource>;
    await expect(fix(source)).rejects.toMatchObject({ code: "not-found" });
    expect(readdirSync(bin())).toEqual([]);
  });

  test("are not installed out of a package without them", async () => {
    const [wrong, cut] = [
      writeZip({ "readme.txt": Buffer.from("hello") }),
      PACKAGE.subarray(0, 500),
    ];
    for (const [content, message] of [
      [wrong, /has no runtimes\/linux-x64\/native\/libonnxruntime_providers_shared\.so/],
      [cut, /is not a package that can be read: it has no end record/],
    ] as const) {
      await using other = await startNuget({ id: CUDA_PACKAGE, version: VERSION }, content);
      await expect(fix({ from: other.index })).rejects.toThrow(message);
      rmSync(join(folder.path, "cache"), { recursive: true });
    }
    expect(readdirSync(bin())).toEqual([]);
  });

  test("what was installed by something else is left alone", async () => {
    mkdirSync(bin());
    const own = join(bin(), NAMES[1] ?? "");
    writeFileSync(own, "another build");
    await expect(fix()).rejects.toMatchObject({ code: "exists" });
    expect(readFileSync(own, "utf8")).toBe("another build");
  });

  test("an interrupted download is an error, leaves nothing in place, and the next one succeeds", async () => {
    const controller = new AbortController();
    feed.breakAfter = 1000;
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await expect(fix({}, controller.signal)).rejects.toThrow("enough");
    expect(readdirSync(bin())).toEqual([]);
    feed.breakAfter = undefined;
    await fix();
    expectInstalled();
  });
});

test("--from and --sha512 go with --fix-cuda, and are checked", async () => {
  const alone = await runCli(["doctor", "--from", "http://localhost/v3/index.json"]);
  expect(alone).toMatchObject({ code: 2 });
  expect(alone.stderr).toMatch(/--from and --sha512 go with --fix-cuda/);
  const folderGiven = await runCli(["doctor", "--fix-cuda", "--from", "mirror"]);
  expect(folderGiven.stderr).toMatch(/--from: expected an address that begins with http/);
  expect(existsSync("mirror")).toBe(false);
});
