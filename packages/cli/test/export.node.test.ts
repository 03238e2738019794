import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { BIN, eventsOf, runCli, runProgram, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const CHAT = fixturePath("tiny-chat");
const FILES = [
  "config.json",
  "export.json",
  "model.onnx",
  "model.onnx.data",
  "preprocessor_config.json",
];

describe("export", () => {
  it("writes a checked model and says what it takes and computes", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "parents", "are", "made");
    const finished = await runCli(["export", MODEL, "--output", output]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toContain("input pixel_values float32 [batch, 3, 112, 112]");
    expect(finished.stdout).toContain("output pooler_output float32 [batch, 64]");
    expect(finished.stdout).toMatch(/checked: loads in .* last_hidden_state \d\.\de-\d/);
    expect(readdirSync(output).toSorted()).toEqual(FILES);
  });

  it("says all of it as JSON, with progress in bytes", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "model");
    const options = ["--with-projector", "--batch", "2", "--dtype", "stored", "--json"];
    const finished = await runCli(["export", CHAT, "--output", output, ...options]);
    expect(finished.code).toBe(0);
    const events = eventsOf(finished);
    const stages = events.filter(({ event }) => event === "progress").map(({ stage }) => stage);
    expect([...new Set(stages)]).toEqual(["hash", "write", "check"]);
    const result = events.at(-1) as { bytes: number; files: { name: string; bytes: number }[] };
    expect(result).toMatchObject({
      event: "result",
      command: "export",
      directory: output,
      model: CHAT,
      dtype: "stored",
      synthesized: null,
      inputs: [{ name: "pixel_values", dtype: "float32", shape: [2, 3, 112, 112] }],
      outputs: [
        { name: "last_hidden_state", shape: [2, 65, 64] },
        { name: "pooler_output", shape: [2, 64] },
        { name: "visual_tokens", shape: [2, 16, 80] },
      ],
      check: { outputs: [{ name: "last_hidden_state" }, {}, { name: "visual_tokens" }] },
    });
    for (const { name, bytes } of result.files) {
      expect(readFileSync(join(output, name)).byteLength).toBe(bytes);
    }
  });

  it("takes size, input, outputs, layer and projector from its options", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "model");
    const sizes = ["--image-size", "84", "--input", "pixels"];
    const projector = ["--projector", CHAT, "--select-layer", "-2"];
    const outputs = ["--outputs", "patch_mean,hidden_states.1,unshuffled", "--no-check"];
    const options = [...sizes, ...projector, ...outputs, "--output", output];
    const finished = await runCli(["export", MODEL, ...options]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toContain("input pixels uint8 [batch, 84, 84, 3]");
    for (const line of [
      "patch_mean float32 [batch, 64]",
      "hidden_states.1 float32 [batch, 37, 64]",
      "unshuffled float32 [batch, 9, 256]",
      "visual_tokens float32 [batch, 9, 80]",
      "not checked",
    ]) {
      expect(finished.stdout).toContain(line);
    }
    const facts = JSON.parse(readFileSync(join(output, "export.json"), "utf8"));
    expect(facts).toMatchObject({
      visual: { select_layer: -2 },
      normalization: { where: "in the graph" },
    });
  });

  it("says of random weights that they are", async () => {
    using folder = temporaryFolder();
    const model = join(folder.path, "random");
    const output = join(folder.path, "model");
    await runCli(["synthesize", join(MODEL, "config.json"), "--seed", "5", "--output", model]);
    const finished = await runCli(["export", model, "--output", output]);
    expect(finished.code).toBe(0);
    const notice = "seeded random weights, not a trained model; seed 5";
    expect(finished.stderr).toContain(notice);
    expect(finished.stdout).toContain(notice);
    expect(readFileSync(join(output, "model.onnx"), "latin1")).toContain(notice);
    expect(JSON.parse(readFileSync(join(output, "export.json"), "utf8")).synthesized).toBe(notice);
  });

  it("replaces an exported model with --force only, and never anything else", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "model");
    mkdirSync(output);
    const run = (...more: string[]): ReturnType<typeof runCli> =>
      runCli(["export", MODEL, "--output", output, ...more]);
    expect((await run()).code).toBe(0);
    const refused = await run("--batch", "2");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("--force");
    expect((await run("--batch", "2", "--force")).stdout).toContain("[2, 3, 112, 112]");
    writeFileSync(join(output, "thesis.docx"), "years of work");
    const kept = await run("--force");
    expect(kept.code).toBe(1);
    expect(kept.stderr).toContain("thesis.docx");
    expect(readdirSync(output)).toContain("thesis.docx");
    expect(readdirSync(folder.path)).toEqual(["model"]);
  });

  it.each([
    ["no folder to write", [MODEL], "--output"],
    ["no model", ["--output", "model"], "model"],
    ["a batch of 0", [MODEL, "--output", "model", "--batch", "0"], "from 1 to 9999 or dynamic"],
    ["another type", [MODEL, "--output", "model", "--dtype", "f16"], "--dtype: expected f32 or"],
    ["another input", [MODEL, "--output", "model", "--input", "x"], "--input: expected"],
    ["another output", [MODEL, "--output", "model", "--outputs", "cls"], "--outputs: expected"],
  ])("is wrong usage: %s", async (_, args, words) => {
    using folder = temporaryFolder();
    const finished = await runCli(["export", ...args], { cwd: folder.path });
    expect(finished.code).toBe(2);
    expect(finished.stderr).toContain(words);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    ["a checkpoint that is not there", ["nowhere"], "nowhere"],
    ["an encoder without projector", [MODEL, "--with-projector"], "projector"],
    ["a size that is no multiple of the patch", [MODEL, "--image-size", "100"], "multiple"],
  ])("fails in one line: %s", async (_, args, words) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "model");
    const finished = await runCli(["export", ...args, "--output", output]);
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(finished.stderr).toContain(words);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("an export that ends early", () => {
  it("leaves nothing behind when a write fails", async () => {
    using folder = temporaryFolder();
    // A limit on the size of files fails the write in the middle, as a full disk does.
    const script = 'ulimit -f 8; exec "$0" "$@"';
    const args = ["export", MODEL, "--output", "deep/model"];
    const finished = await runProgram("sh", ["-c", script, process.execPath, BIN, ...args], {
      cwd: folder.path,
    });
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(
      /^error: deep\/model\/model\.onnx\.data cannot be written: it is larger than a file may be/,
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends it with %i and leaves nothing behind", async (signalOnOutput, code) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "new", "model");
    const finished = await runCli(["export", MODEL, "--output", output, "--json"], {
      signalOnOutput,
    });
    expect(finished).toMatchObject({ code, signal: null, stderr: "interrupted\n" });
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
