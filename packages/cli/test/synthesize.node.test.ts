import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { readSafetensors } from "./read-results.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const CONFIG = fixturePath("tiny-layernorm", "config.json");
const PHOTO = fixturePath("images", "photo-420.jpg");

function hashes(folder: string): Record<string, string> {
  const files = readdirSync(folder).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return [name, createHash("sha256").update(bytes).digest("hex")] as const;
  });
  return Object.fromEntries(files);
}

describe("synthesize", () => {
  it("writes the same bytes for the same seed and others for another", async () => {
    using folder = temporaryFolder();
    const made: Record<string, string>[] = [];
    for (const [index, seed] of ["7", "7", "8"].entries()) {
      const output = join(folder.path, `model-${index}`);
      const finished = await runCli(["synthesize", CONFIG, "--seed", seed, "--output", output]);
      expect(finished).toMatchObject({ code: 0, stderr: "" });
      expect(finished.stdout).toContain(`seeded random weights, not a trained model; seed ${seed}`);
      made.push(hashes(output));
    }
    expect(Object.keys(made[0]!).toSorted()).toEqual([
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
    ]);
    expect(made[1]).toEqual(made[0]);
    expect(made[2]!["model.safetensors"]).not.toBe(made[0]!["model.safetensors"]);
    expect(readdirSync(folder.path)).toHaveLength(3);
  });

  it.each([
    ["bf16", "bfloat16"],
    ["f16", "float16"],
    ["f32", "float32"],
  ])("writes a %s checkpoint that inspect and embed take", async (dtype, name) => {
    using folder = temporaryFolder();
    const model = join(folder.path, "parents", "are", "made");
    const made = await runCli([
      "synthesize",
      CONFIG,
      "--dtype",
      dtype,
      "--output",
      model,
      "--json",
    ]);
    expect(made.code).toBe(0);
    expect(eventsOf(made).at(-1)).toMatchObject({ event: "result", dtype: name, seed: 0 });
    const progress = eventsOf(made).filter(({ event }) => event === "progress");
    expect(progress.at(-1)!["done"]).toBe(progress.at(-1)!["total"]);

    const [report] = eventsOf(await runCli(["inspect", model, "--json"]));
    expect(report).toMatchObject({
      usable: true,
      synthesized: "seeded random weights, not a trained model; seed 0",
    });
    expect(Object.keys(report!["dtypes"] as object)).toEqual([name]);

    const output = join(folder.path, "features.safetensors");
    const embedded = await runCli(["embed", PHOTO, "--model", model, "--output", output]);
    expect(embedded.code).toBe(0);
    expect(embedded.stderr).toContain("seeded random weights, not a trained model");
    expect(readSafetensors(output).metadata["synthesized"]).toContain("not a trained model");
    const lines = join(folder.path, "features.jsonl");
    await runCli(["embed", PHOTO, "--model", model, "--output", lines]);
    expect(JSON.parse(readFileSync(lines, "utf8")).synthesized).toContain("not a trained model");
  });

  it("replaces a checkpoint with --force only, and never anything else", async () => {
    using folder = temporaryFolder();
    const model = join(folder.path, "model");
    mkdirSync(model);
    const run = (...more: string[]): ReturnType<typeof runCli> =>
      runCli(["synthesize", CONFIG, "--output", model, ...more]);
    // An empty folder is as good as none.
    expect((await run("--seed", "1")).code).toBe(0);
    const before = hashes(model);
    const refused = await run("--seed", "2");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--force");
    expect(hashes(model)).toEqual(before);
    expect((await run("--seed", "2", "--force")).code).toBe(0);
    expect(hashes(model)).not.toEqual(before);
    writeFileSync(join(model, "thesis.docx"), "years of work");
    const kept = await run("--seed", "3", "--force");
    expect(kept.code).toBe(1);
    expect(kept.stderr).toContain("thesis.docx");
    expect(readdirSync(model)).toContain("thesis.docx");
    expect(readdirSync(folder.path)).toEqual(["model"]);
  });

  it("names the presets when it does not know one", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "model");
    const finished = await runCli(["synthesize", "InternViT-7B", "--output", output]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("InternViT-300M-448px-V2_5");
    const { stdout } = await runCli(["presets"]);
    expect(stdout).toContain("InternViT-6B-448px-V2_5");
    expect(stdout).toMatch(/InternVL2_5-1B +308,495,104 parameters,.* visual tokens of width 896/);
    expect((await runCli(["synthesize", "--help"])).stdout).toContain("InternViT-6B-448px-V1-0");
  });

  it.each([
    ["not JSON", "found no JSON"],
    ['{"model_type": "intern_vit_6b", "hidden_size": -1}', "hidden_size"],
  ])("refuses a config.json with %s", async (content, words) => {
    using folder = temporaryFolder();
    const config = join(folder.path, "config.json");
    writeFileSync(config, content);
    const finished = await runCli(["synthesize", config, "--output", join(folder.path, "model")]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain(words);
    expect(readdirSync(folder.path)).toEqual(["config.json"]);
  });
});
