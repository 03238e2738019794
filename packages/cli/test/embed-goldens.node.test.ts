// Features of prepared pixels against the Python reference, through the whole program.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import {
  difference,
  float32Golden,
  FLOAT32_GOLDEN_TOLERANCE,
  goldenDirectory,
  goldenPath,
  readGoldenTensors,
} from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { readSafetensors } from "./read-results.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const OUTPUT = /^(last_hidden_state|pooler_output|hidden_states\.\d+)$/;

// tiny-chat's goldens are of the projector, which comes after the encoder.
const checkpoints = readdirSync(goldenDirectory()).filter(
  (name) =>
    name.startsWith("tiny-") &&
    name !== "tiny-chat" &&
    existsSync(goldenPath(name, "expected.safetensors")),
);

describe.each(checkpoints)("golden features of %s", (name) => {
  const goldens = readGoldenTensors(name, "expected.safetensors");
  const inputs = [...goldens.keys()].filter((key) => /(^|\.)pixel_values$/.test(key));

  it.each(inputs)("golden: embed --pixel-values of %s", async (key) => {
    using folder = temporaryFolder();
    const prefix = key.slice(0, -"pixel_values".length);
    const outputs = [...goldens.keys()]
      .filter((other) => other.startsWith(prefix))
      .map((other) => other.slice(prefix.length))
      .filter((output) => OUTPUT.test(output));
    expect(outputs).toContain("last_hidden_state");
    const output = join(folder.path, "features.safetensors");
    const finished = await runCli([
      "embed",
      "--model",
      goldenPath(name),
      "--pixel-values",
      `${goldenPath(name, "expected.safetensors")}:${key}`,
      "--outputs",
      [...outputs, "patch_mean"].join(","),
      "--output",
      output,
    ]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const { tensors } = readSafetensors(output);
    expect([...tensors.keys()].toSorted()).toEqual([...outputs, "patch_mean"].toSorted());
    for (const tensor of outputs) {
      const expected = float32Golden(goldens, prefix + tensor);
      const found = tensors.get(tensor)!;
      expect(found.shape).toEqual(expected.shape);
      const apart = difference(found.data, expected.data);
      expect(apart.maxAbsolute, tensor).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
      expect(apart.relativeL2, tensor).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.relativeL2);
    }
    const hidden = float32Golden(goldens, `${prefix}last_hidden_state`);
    const apart = difference(tensors.get("patch_mean")!.data, meanOfPatches(hidden));
    expect(apart.maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
  });
});

/** [n, tokens, hidden] → [n, hidden], without the class token. */
function meanOfPatches(tensor: {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}): Float64Array {
  const [count = 0, tokens = 0, hidden = 0] = tensor.shape;
  const mean = new Float64Array(count * hidden);
  for (let n = 0; n < count; n++) {
    for (let t = 1; t < tokens; t++) {
      for (let h = 0; h < hidden; h++) {
        mean[n * hidden + h]! += tensor.data[(n * tokens + t) * hidden + h]! / (tokens - 1);
      }
    }
  }
  return mean;
}
