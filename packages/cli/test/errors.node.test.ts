import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";
import sharp from "sharp";

import { readNpy, readSafetensors } from "./read-results.ts";
import { BIN, eventsOf, type Finished, runCli, runProgram, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const PHOTO = fixturePath("images", "photo-420.jpg");
const SMALL = fixturePath("images", "small.png");

describe("a picture that cannot be used", () => {
  const makers: Readonly<Record<string, (path: string) => unknown>> = {
    "a truncated file": (path) => writeFileSync(path, readFileSync(PHOTO).subarray(0, 20_000)),
    "a file that is no picture": (path) => writeFileSync(path, "Dear Sir or Madam,\n"),
    "a zero-byte file": (path) => writeFileSync(path, ""),
    "a missing file": () => {},
    "a directory": (path) => mkdirSync(path),
    "a picture 100,000 pixels wide": (path) =>
      sharp({ create: { width: 100_000, height: 1, channels: 3, background: "red" } })
        .png()
        .toFile(path),
  };

  it.each(Object.keys(makers))(
    "%s ends everything with one message that names it",
    async (what) => {
      using folder = temporaryFolder();
      const bad = join(folder.path, "bad.jpg");
      await makers[what]!(bad);
      const output = join(folder.path, "features.safetensors");
      const finished = await runCli(["embed", PHOTO, bad, "--model", MODEL, "--output", output]);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toMatch(
        /^error: [^\n]*bad\.jpg: [^\n]*expected [^\n]*\n$|^error: [^\n]*bad\.jpg: the picture is [^\n]*, expected [^\n]*\n$/,
      );
      expect(readdirSync(folder.path).filter((name) => name !== "bad.jpg")).toEqual([]);
    },
  );

  it("is left out with --keep-going, and said at the end", async () => {
    using folder = temporaryFolder();
    const bad: string[] = [];
    for (const [index, make] of Object.values(makers).entries()) {
      bad.push(join(folder.path, `bad-${index}`));
      await make(bad.at(-1)!);
    }
    const output = join(folder.path, "features.safetensors");
    const files = [bad[0]!, PHOTO, ...bad.slice(1), SMALL];
    const args = ["embed", ...files, "--model", MODEL, "--output", output, "--keep-going"];
    const finished = await runCli([...args, "--batch-size", "2", "--json"]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("6 of 8 images could not be used and were left out");
    const failed = eventsOf(finished).filter(({ event }) => event === "failed");
    expect(failed.map(({ file }) => file)).toEqual(bad);
    expect(eventsOf(finished).at(-1)).toMatchObject({ event: "result", images: 2 });
    const { tensors, metadata } = readSafetensors(output);
    expect(tensors.get("pooler_output")!.shape[0]).toBe(2);
    expect(JSON.parse(metadata["files"]!)).toEqual([PHOTO, SMALL]);
    const said = JSON.parse(metadata["failed"]!) as { file: string; message: string }[];
    expect(said.map(({ file }) => file)).toEqual(bad);
    for (const { file, message } of said) expect(message).toContain(file);
  });

  it("leaves no file when it is the only one, --keep-going or not", async () => {
    using folder = temporaryFolder();
    for (const more of [[], ["--keep-going"]]) {
      const output = join(folder.path, "features.npy");
      const args = ["embed", join(folder.path, "none.png"), "--model", MODEL, "--output", output];
      const finished = await runCli([...args, ...more]);
      expect(finished.code).toBe(1);
      expect(readdirSync(folder.path)).toEqual([]);
    }
  });

  it("is no longer refused when the limit is raised, and refused when it is lowered", async () => {
    using folder = temporaryFolder();
    const wide = join(folder.path, "wide.png");
    await makers["a picture 100,000 pixels wide"]!(wide);
    const output = join(folder.path, "pixels.npy");
    const args = ["preprocess", wide, "--mode", "square", "--output", output];
    expect((await runCli([...args, "--max-side", "100000"])).code).toBe(0);
    expect(readNpy(output).shape).toEqual([1, 448, 448, 3]);
    const finished = await runCli([
      "preprocess",
      PHOTO,
      "--output",
      output,
      "--max-pixels",
      "1000",
    ]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("expected at most 1000");
  });
});

function embed(model: string, folder: string): Promise<Finished> {
  return runCli(["embed", PHOTO, "--model", model, "--output", join(folder, "features.npy")]);
}

describe("a checkpoint that cannot be used", () => {
  it("a missing folder is named", async () => {
    using folder = temporaryFolder();
    const finished = await embed(join(folder.path, "nowhere"), folder.path);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(
      /^error: there is no checkpoint folder .*nowhere, and it does not name a model .*\n$/,
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("missing tensors are named, and inspect still reports", async () => {
    using folder = temporaryFolder();
    const model = join(folder.path, "model");
    cpSync(MODEL, model, { recursive: true });
    chmodSync(join(model, "config.json"), 0o644);
    const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8"));
    writeFileSync(
      join(model, "config.json"),
      JSON.stringify({ ...config, num_hidden_layers: 5, intermediate_size: 96 }),
    );
    const finished = await embed(model, folder.path);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("encoder.layers.4.norm1.weight");
    const inspected = await runCli(["inspect", model, "--json"]);
    expect(inspected.code).toBe(1);
    expect(inspected.stderr).toContain("missing");
    const [report] = eventsOf(inspected);
    expect(report).toMatchObject({ usable: false, namingScheme: "standalone" });
    expect(report!["missing"]).toContain("encoder.layers.4.norm1.weight");
    expect(report!["wrongShape"]).toContainEqual({
      name: "encoder.layers.0.mlp.fc1.weight",
      expected: [96, 64],
      found: [160, 64],
    });
    expect((await runCli(["inspect", model])).stdout).toMatch(/^usable +no$/m);
  });

  it.each([
    ["config.json", '{"model_type": "intern_vit_6b", "hidden_size": "wide"}', "hidden_size"],
    ["config.json", '{"model_type": "resnet"}', "resnet"],
    ["model.safetensors", "\xff\xff\xff\xff\0\0\0\0{}", "expected a safetensors header of at most"],
    ["preprocessor_config.json", '{"crop_size": "large"}', "crop_size"],
  ])("a bad %s is named: %s", async (name, content, word) => {
    using folder = temporaryFolder();
    const model = join(folder.path, "model");
    cpSync(MODEL, model, { recursive: true });
    chmodSync(join(model, name), 0o644);
    writeFileSync(join(model, name), content, "latin1");
    const finished = await embed(model, folder.path);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(finished.stderr).toContain(name);
    expect(finished.stderr).toContain(word);
    expect(readdirSync(folder.path)).toEqual(["model"]);
  });

  it("a size that is no multiple of the patch is refused", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.npy");
    const args = ["embed", PHOTO, "--model", MODEL, "--output", output, "--image-size", "100"];
    const finished = await runCli(args);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("multiple of the patch");
  });

  it("a layer that the model does not have is refused with those that it has", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.npy");
    const outputs = ["--outputs", "hidden_states.5"];
    const finished = await runCli([
      "embed",
      PHOTO,
      "--model",
      MODEL,
      "--output",
      output,
      ...outputs,
    ]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("hidden_states.0 to hidden_states.4");
  });
});

describe("an output that cannot be written", () => {
  it("is refused before any work: its folder is missing, or it is one", async () => {
    using folder = temporaryFolder();
    // The model does not exist either; it is not even looked for.
    for (const output of [join(folder.path, "no", "f.npy"), join(folder.path, "dir.npy")]) {
      mkdirSync(join(folder.path, "dir.npy"), { recursive: true });
      const finished = await runCli(["embed", PHOTO, "--model", "nowhere", "--output", output]);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toMatch(/^error: .*cannot be written: .*folder.*\n$/);
    }
    expect(readdirSync(folder.path)).toEqual(["dir.npy"]);
  });

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "is refused when the folder may not be written to (root may, so root skips this)",
    async () => {
      using folder = temporaryFolder();
      chmodSync(folder.path, 0o555);
      const output = join(folder.path, "features.npy");
      const finished = await runCli(["embed", PHOTO, "--model", MODEL, "--output", output]);
      chmodSync(folder.path, 0o755);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain("no permission");
    },
  );

  // A limit on the size of files fails the write in the middle, as a full disk does.
  it.skipIf(process.platform === "win32").each([
    [
      "embed",
      [
        "embed",
        PHOTO,
        "--model",
        MODEL,
        "--outputs",
        "last_hidden_state",
        "--output",
        "f.safetensors",
      ],
    ],
    ["preprocess", ["preprocess", PHOTO, "--output", "f.npy"]],
    ["synthesize", ["synthesize", join(MODEL, "config.json"), "--output", "deep/model"]],
  ])("leaves nothing behind when a write fails: %s", async (_, args) => {
    using folder = temporaryFolder();
    const script = 'ulimit -f 8; exec "$0" "$@"';
    const finished = await runProgram("sh", ["-c", script, process.execPath, BIN, ...args], {
      cwd: folder.path,
    });
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(
      /^error: \S+ cannot be written: it is larger than a file may be/,
    );
    expect(finished.stderr).not.toContain(".part");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))("is an error also on stdout", async () => {
    const script = 'exec "$0" "$@" > /dev/full';
    const args = ["-c", script, process.execPath, BIN, "inspect", MODEL];
    const finished = await runProgram("sh", args);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^error: the output cannot be written: ENOSPC[^\n]*\n$/);
  });

  it.skipIf(process.platform === "win32")("ends quietly when nobody reads it", async () => {
    const script = '"$0" "$@" 2>&1 >&3 | cat; exit 0';
    const piped = `{ ${script}; } 3>&1 | true`;
    const finished = await runProgram("sh", ["-c", piped, process.execPath, BIN, "inspect", MODEL]);
    expect(finished).toMatchObject({ stdout: "", stderr: "" });
  });
});

describe("pixels in a file", () => {
  it.each([
    ["nowhere.safetensors:pixels", 1, "expected a safetensors file, found nothing"],
    [
      `${fixturePath("tiny-layernorm", "expected.safetensors")}:nope`,
      1,
      "has no tensor nope; it has",
    ],
    ["nowhere.safetensors", 2, "expected <file.safetensors>:<key>"],
    [`${PHOTO}:pixels`, 1, "photo-420.jpg"],
  ])("%s is refused with %i", async (source, code, words) => {
    using folder = temporaryFolder();
    const args = ["embed", "--pixel-values", source, "--model", MODEL, "--output", "f.npy"];
    const finished = await runCli(args, { cwd: folder.path });
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(words);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe("--verbose", () => {
  it("adds where an error came from; without it there is no stack", async () => {
    using folder = temporaryFolder();
    const args = ["embed", "none.jpg", "--model", MODEL, "--output", join(folder.path, "f.npy")];
    expect((await runCli(args)).stderr).not.toContain("    at ");
    const verbose = await runCli([...args, "--verbose"]);
    expect(verbose.code).toBe(1);
    expect(verbose.stderr).toContain("    at ");
    expect(verbose.stderr).toContain("caused by");
  });
});
