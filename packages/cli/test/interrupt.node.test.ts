import { readdirSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
// Minutes of work.
const MANY = Array.from({ length: 2000 }, () => fixturePath("images", "large.jpg"));

describe.skipIf(process.platform === "win32")("an interruption", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends embed with %i and leaves nothing behind", async (signalOnOutput, code) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.safetensors");
    const args = ["embed", ...MANY, "--model", MODEL, "--outputs", "last_hidden_state,patch_mean"];
    const finished = await runCli([...args, "--output", output, "--json"], { signalOnOutput });
    expect(finished).toMatchObject({ code, signal: null, stderr: "interrupted\n" });
    expect(finished.stdout).toContain('"done":1,"total":2000');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("ends preprocess and leaves nothing behind", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "pixels.npy");
    const args = ["preprocess", ...MANY, "--output", output, "--json"];
    const finished = await runCli(args, { signalOnOutput: "SIGINT" });
    expect(finished).toMatchObject({ code: 130, signal: null });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("ends synthesize and leaves nothing behind", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "new", "model");
    const args = ["synthesize", "InternViT-300M-448px-V2_5", "--output", output, "--json"];
    const finished = await runCli(args, { signalOnOutput: "SIGINT" });
    expect(finished).toMatchObject({ code: 130, signal: null, stderr: "interrupted\n" });
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
