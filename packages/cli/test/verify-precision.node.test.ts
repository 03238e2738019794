import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { compareVectors, mergeComparisons } from "../src/commands/compare-vectors.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const PICTURES = ["photo-420.jpg", "photo-444.jpg"].map((name) => fixturePath("images", name));

describe("verify-precision", () => {
  it("compares each output of each picture with float32, and all together", async () => {
    using folder = temporaryFolder();
    const finished = await runCli(
      ["--json", "verify-precision", ...PICTURES, "--model", MODEL, "--threads", "1"],
      { env: { INTERNVIT_CACHE: folder.path } },
    );
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const result = eventsOf(finished).find(({ event }) => event === "result");
    const compared = expect.objectContaining({
      minimum_cosine: expect.any(Number),
      mean_cosine: expect.any(Number),
      max_absolute: expect.any(Number),
    });
    const outputs = { last_hidden_state: compared, pooler_output: compared };
    expect(result).toMatchObject({
      command: "verify-precision",
      pictures: PICTURES.map((file) => ({ file, outputs })),
      all: outputs,
      dtype: "q8",
      kept_float32: expect.arrayContaining(["softmax"]),
    });
    const { all } = result as { all: Record<string, Record<string, number>> };
    expect(all["last_hidden_state"]?.["minimum_cosine"]).toBeGreaterThan(0.998);
    expect(all["pooler_output"]?.["vectors"]).toBe(2);
  });

  it("prints a table, and exits with 1 when a token is below --min-cosine", async () => {
    using folder = temporaryFolder();
    const args = ["verify-precision", PICTURES[0]!, "--model", MODEL, "--dtype", "q4"];
    const options = { env: { INTERNVIT_CACHE: folder.path } };
    const good = await runCli([...args, "--min-cosine", "0.5"], options);
    expect(good).toMatchObject({ code: 0, stderr: "" });
    expect(good.stdout).toMatch(/^picture +output +min cosine +mean cosine +max error$/m);
    expect(good.stdout).toMatch(/^all +last_hidden_state +0\.\d{6} +0\.\d{6} +[\d.]+$/m);
    const bad = await runCli([...args, "--min-cosine", "0.99999"], options);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/lowest cosine is 0\.\d{6}, expected at least 0\.99999/);
    expect(bad.stdout).toContain("picture");
  });

  it.each([
    [["--dtype", "f32"], /--dtype: expected q8 or q8-dynamic or q4 or f16/],
    [["--min-cosine", "2"], /--min-cosine: expected a number from 0 to 1/],
  ])("refuses %j", async (args, words) => {
    const finished = await runCli(["verify-precision", PICTURES[0]!, ...args]);
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toMatch(words);
  });
});

describe("--dtype", () => {
  it("is in the result file, with the form of the linear maps", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "f.npy");
    const finished = await runCli(
      ["embed", PICTURES[0]!, "--model", MODEL, "--dtype", "q8", "--output", output],
      { env: { INTERNVIT_CACHE: join(folder.path, "cache") } },
    );
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(readFileSync(`${output}.json`, "utf8"))).toMatchObject({
      dtype: "q8",
      linear_maps: [expect.stringMatching(/^layer 0: 8 bit/), expect.stringMatching(/int8/)],
    });
    expect(readdirSync(join(folder.path, "cache", "weights"))).toHaveLength(1);
  });

  it("takes what there is and nothing else", async () => {
    const finished = await runCli(["embed", "a.jpg", "--output", "f.npy", "--dtype", "int8"]);
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toMatch(/--dtype: expected f32 or f16 or q8 or q8-dynamic or q4/);
  });
});

function of(actual: readonly number[], expected: readonly number[]) {
  return compareVectors(Float32Array.from(actual), Float32Array.from(expected), { width: 2 });
}

describe("compareVectors", () => {
  it("knows equal, opposite and zero vectors, and what is not a number", () => {
    expect(of([1, 2, 3, 4], [1, 2, 3, 4])).toEqual({
      minimumCosine: 1,
      meanCosine: 1,
      maxAbsolute: 0,
      vectors: 2,
    });
    expect(of([1, 0, 1, 0], [1, 0, -1, 0])).toMatchObject({ minimumCosine: -1, meanCosine: 0 });
    expect(of([0, 0], [0, 0]).minimumCosine).toBe(1);
    expect(of([0, 0], [1, 0]).minimumCosine).toBeNaN();
    expect(mergeComparisons([of([Number.NaN, 0], [1, 0]), of([1, 1], [1, 1])])).toMatchObject({
      minimumCosine: Number.NaN,
      maxAbsolute: Number.NaN,
      vectors: 2,
    });
  });
});
