import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const NAMES = ["photo-420.jpg", "photo-444.jpg", "rgb.png", "small.png", "gray.jpg", "rgba.png"];
const folder = temporaryFolder();
const input = join(folder.path, "pictures");

/** Ten pictures and one that is none, in two folders. */
beforeAll(() => {
  for (const sub of ["a", "b"]) {
    mkdirSync(join(input, sub), { recursive: true });
    for (const name of NAMES.slice(sub === "a" ? 0 : 1)) {
      cpSync(fixturePath("images", name), join(input, sub, name));
    }
  }
  writeFileSync(join(input, "b", "broken.jpg"), "no picture");
  writeFileSync(join(input, "notes.txt"), "no picture either");
});
afterAll(() => folder[Symbol.dispose]());

function extract(source: string, output: string, more: readonly string[] = []) {
  const args = ["--model", MODEL, "--output", join(folder.path, output), "--shard-size", "4"];
  return runCli(["extract", source, ...args, ...more]);
}

/** The keys of all rows of an extraction. */
function keysOf(output: string): readonly string[] {
  const names = readdirSync(join(folder.path, output)).filter((name) => /-\d+\.json$/.test(name));
  return names.sort().flatMap((name) => {
    const text = readFileSync(join(folder.path, output, name), "utf8");
    return (JSON.parse(text) as { keys: string[] }).keys;
  });
}

describe("extract", () => {
  it("writes the features of a folder in shards, says what is bad, and exits with 1", async () => {
    const finished = await extract(input, "skipping");
    expect(finished.code).toBe(1);
    expect(finished.stdout).toMatch(/^extracted 12 images with .* images\/s\nbusy: read \d+ %/);
    expect(finished.stdout).toMatch(
      /manifest.json and 3 shards in .*\n {2}pooler_output float32 \[11, 64\]/,
    );
    expect(finished.stderr).toMatch(/^failed: b\/broken.jpg: expected a JPEG/m);
    expect(finished.stderr).toMatch(/^error: 1 of 12 images could not be used and was left out/m);
    expect(keysOf("skipping")).toEqual(
      [...NAMES.map((name) => `a/${name}`), ...NAMES.slice(1).map((name) => `b/${name}`)].sort(),
    );
    const manifest = JSON.parse(
      readFileSync(join(folder.path, "skipping", "manifest.json"), "utf8"),
    ) as object;
    expect(manifest).toMatchObject({
      totals: { pictures: 12, rows: 11, bad: 1, shards: 3 },
      provenance: {
        model: MODEL,
        preprocess: "clip",
        image_size: [112, 112],
        execution_provider: "cpu",
        versions: { "onnxruntime-node": expect.any(String) as string },
      },
    });
  });

  it("goes on with nothing when everything is there, also with another number of sessions", async () => {
    await extract(input, "twice");
    const finished = await extract(input, "twice", ["--sessions", "2", "--threads", "1"]);
    expect(finished.stdout).toMatch(/^12 images: everything was there already\n/);
    expect(finished.stderr).toMatch(/^note: going on: 12 of 12 images are done already\n/);
  });

  it("ends at the first bad picture when it is told to, and goes on when that is mended", async () => {
    const copy = join(folder.path, "mended");
    cpSync(input, copy, { recursive: true });
    const finished = await extract(copy, "failing", ["--on-bad-picture", "fail"]);
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(/^error: b\/broken.jpg: expected a JPEG[^\n]*\n$/);
    cpSync(join(copy, "a", "rgb.png"), join(copy, "b", "broken.jpg"));
    const again = await extract(copy, "failing", ["--on-bad-picture", "fail"]);
    expect(again.code).toBe(0);
    expect(keysOf("failing")).toHaveLength(12);
  });

  it("says how far it is and what each stage does, as events", async () => {
    const finished = await extract(input, "events", ["--json"]);
    const events = eventsOf(finished);
    const progress = events.filter(({ event }) => event === "progress");
    expect(progress.at(-1)).toMatchObject({
      stage: "extract",
      done: 12,
      total: 12,
      unit: "images",
      imagesPerSecond: expect.any(Number) as number,
      remainingMilliseconds: 0,
      occupancy: {
        read: expect.any(Number) as number,
        decode: expect.any(Number) as number,
        preprocess: expect.any(Number) as number,
        run: expect.any(Number) as number,
        write: expect.any(Number) as number,
      },
    });
    expect(events.at(-1)).toMatchObject({
      event: "result",
      command: "extract",
      images: 12,
      rows: 11,
      bad: 1,
      shards: 3,
      extracted: 12,
      outputs: { pooler_output: [11, 64] },
    });
  });

  it("takes a pattern and a list", async () => {
    const pattern = await extract(`${input}/**/rgb*.png`, "pattern");
    expect(pattern.code).toBe(0);
    expect(keysOf("pattern")).toEqual(["a/rgb.png", "a/rgba.png", "b/rgb.png", "b/rgba.png"]);
    const list = join(input, "list.txt");
    writeFileSync(list, "b/rgb.png\na/photo-444.jpg\n");
    expect((await extract(list, "list")).code).toBe(0);
    expect(keysOf("list")).toEqual(["b/rgb.png", "a/photo-444.jpg"]);
    rmSync(list);
  });

  it("refuses to mix two extractions, and starts anew with --restart", async () => {
    await extract(input, "mixed");
    const refused = await extract(input, "mixed", ["--preprocess", "square"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /error: .*What differs: pictures.mode: "clip" then, "square" now/,
    );
    const anew = await extract(input, "mixed", ["--preprocess", "square", "--restart"]);
    expect(anew.stdout).toMatch(/^extracted 12 images/);
  });
});

describe.skipIf(process.platform === "win32")("an interruption of extract", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends it within two seconds, and the same command goes on",
    async (signalOnOutput) => {
      const list = join(folder.path, `${signalOnOutput}.txt`);
      const pictures = Array.from({ length: 300 }, (_, i) => `${signalOnOutput}-${i}.jpg`);
      for (const name of pictures) {
        cpSync(fixturePath("images", "photo-420.jpg"), join(folder.path, name));
      }
      writeFileSync(list, pictures.join("\n"));
      const output = join(folder.path, `${signalOnOutput}-output`);
      const args = ["extract", list, "--model", MODEL, "--output", output, "--json"];
      const finished = await runCli(args, { signalOnOutput });
      expect(finished.millisecondsToEnd).toBeLessThan(2000);
      expect(finished).toMatchObject({
        code: signalOnOutput === "SIGINT" ? 130 : 143,
        signal: null,
        stderr: "interrupted\n",
      });
      expect(finished.stdout).toMatch(/ending; what is written stays/);
      expect(readdirSync(output)).not.toContain("extraction.lock");
      expect(readdirSync(output)).not.toContain("manifest.json");
      const again = await runCli(args);
      expect(again.code).toBe(0);
      expect(eventsOf(again).at(-1)).toMatchObject({ images: 300, rows: 300, bad: 0 });
    },
  );
});
