import { describe, expect, it } from "vitest";

import { eventsOf, runCli } from "./run-cli.ts";

describe("usage", () => {
  it.each([
    [[], /Usage: internvit/],
    [["frobnicate"], /unknown command 'frobnicate'/],
    [["embed"], /required option '--output <file>'/],
    [["embed", "a.jpg"], /required option '--output <file>'/],
    [["embed", "--output", "f.npy"], /expected image files, or --pixel-values/],
    [["embed", "a.jpg", "--pixel-values", "b:c", "--output", "f.npy"], /found both/],
    [["embed", "a.jpg", "--output", "f.npy", "--colour"], /unknown option '--colour'/],
    [["embed", "a.jpg", "--output", "f.txt"], /\.safetensors, \.npy, \.jsonl, found f\.txt/],
    [["embed", "a.jpg", "--output", "f.npy", "--batch-size", "0"], /--batch-size: .*found "0"/],
    [["embed", "a.jpg", "--output", "f.npy", "--batch-size", "two"], /--batch-size: .*"two"/],
    [["embed", "a.jpg", "--output", "f.npy", "--image-size", "-14"], /--image-size/],
    [["embed", "a.jpg", "--output", "f.npy", "--preprocess", "fit"], /expected clip or square/],
    [["embed", "a.jpg", "--output", "f.npy", "--outputs", "cls"], /--outputs: .*found "cls"/],
    [
      ["embed", "a.jpg", "--output", "f.npy", "--outputs", "patch_mean,patch_mean"],
      /expected each output once/,
    ],
    [
      ["embed", "a.jpg", "--output", "f.npy", "--outputs", "patch_mean,pooler_output"],
      /a \.npy file holds one tensor/,
    ],
    [["preprocess", "--output", "f.npy"], /missing required argument 'images'/],
    [["preprocess", "a.jpg", "--output", "f.npy", "--dtype", "int4"], /uint8 or float32/],
    [["extract", "--output", "d"], /missing required argument 'source'/],
    [["extract", "a", "--output", "d", "--batch", "some"], /--batch: .* or auto, found "some"/],
    [
      ["extract", "a", "--output", "d", "--batch", "0"],
      /--batch: .* from 1 to 1024 or auto, found "0"/,
    ],
    [
      ["extract", "a", "--output", "d", "--sessions", "0"],
      /--sessions: .* from 1 to 64 or auto, found "0"/,
    ],
    [["extract", "a", "--output", "d", "--sessions", "all"], /--sessions: .* or auto, found "all"/],
    [["extract", "a", "--output", "d", "--shard-size", "0"], /--shard-size/],
    [["inspect"], /missing required argument 'dir'/],
    [["inspect", "a", "b"], /too many arguments/],
    [["synthesize", "x", "--output", "m", "--seed", "1.5"], /--seed: .*found "1\.5"/],
    [["synthesize", "x", "--output", "m", "--dtype", "int8"], /bf16 or f16 or f32/],
    [["show"], /missing required argument 'image'/],
  ] as const)("%j exits with 2 and says why", async (args, words) => {
    const finished = await runCli(args);
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toMatch(words);
  });

  it.each([["--help"], ["embed", "--help"], ["--version"]])("%s exits with 0", async (...args) => {
    const finished = await runCli(args);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).not.toBe("");
  });

  it("says usage errors as an event too with --json", async () => {
    const finished = await runCli(["--json", "embed", "a.jpg", "--output", "f.txt"]);
    expect(eventsOf(finished)).toMatchObject([{ event: "error", code: "usage" }]);
  });
});
