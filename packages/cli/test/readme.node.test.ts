// Runs the README's examples as they stand, in a folder that has what they name.

import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chmodSync, writeFileSync } from "node:fs";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { BIN, runProgram, temporaryFolder } from "./run-cli.ts";
import { headBytes } from "./segmentation-head.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [, example = ""] = readme.split("## Example");
const commands = /```sh\n([^]*?)```/.exec(example)?.[1] ?? "";

describe.skipIf(process.platform === "win32")("the README", () => {
  it("has examples that run", async () => {
    using folder = temporaryFolder();
    const path = (...parts: string[]): string => join(folder.path, ...parts);
    writeFileSync(path("head.safetensors"), await headBytes(fixturePath("tiny-layernorm")));
    mkdirSync(path("photos"));
    for (const name of ["photo-420.jpg", "photo-444.jpg"]) {
      copyFileSync(fixturePath("images", name), path("photos", name));
    }
    copyFileSync(fixturePath("images", "photo-420.jpg"), path("cat.jpg"));
    copyFileSync(fixturePath("images", "photo-444.jpg"), path("dog.jpg"));
    cpSync(fixturePath("tiny-layernorm"), path("checkpoint"), { recursive: true });
    cpSync(fixturePath("tiny-chat"), path("chat-checkpoint"), { recursive: true });
    for (const name of Array.from({ length: 80 }, (_, at) => at)) {
      const kind = name % 2 === 0 ? "daisy" : "rose";
      for (const part of ["train", "val"]) {
        mkdirSync(path("flowers", part, kind), { recursive: true });
        copyFileSync(
          fixturePath("images", "small.png"),
          path("flowers", part, kind, `${name}.png`),
        );
      }
    }
    mkdirSync(path("bin"));
    const wrapper = `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`;
    writeFileSync(path("bin", "internvit"), wrapper);
    chmodSync(path("bin", "internvit"), 0o755);
    const finished = await runProgram("sh", ["-ec", commands], {
      cwd: folder.path,
      env: {
        PATH: `${path("bin")}${delimiter}${process.env["PATH"]}`,
        INTERNVIT_CACHE: path("cache"),
      },
    });
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    for (const name of [
      "features.safetensors",
      "extracted/manifest.json",
      "pixels.npy",
      "output/features.png",
      "output/contact-sheet.png",
      "tokens.safetensors",
      "exported/model.onnx",
      "segmented/photo-420.labels.png",
      "segmented/legend.json",
    ]) {
      expect(existsSync(path(name)), name).toBe(true);
    }
  });
});
