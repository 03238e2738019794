import { describe, expect, test } from "vitest";

import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { resolveEncoderWeights } from "../../src/checkpoint/match-encoder-tensors.ts";
import { getPreset } from "../../src/config/presets.ts";
import { buildEncoderGraph } from "../../src/encoder/build-encoder-graph.ts";
import { ALL_FUSIONS } from "../../src/encoder/fusion.ts";
import { encodeGraphModel } from "../../src/onnx/encode-model.ts";
import { goldenDirectory } from "../golden-directory.ts";
import { weightsOf } from "./weights-of.ts";

describe("buildEncoderGraph", () => {
  test("leaves out the blocks that no output needs", async () => {
    const checkpoint = await readCheckpoint(goldenDirectory("tiny-layernorm"));
    const model = { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) };
    const blocks = (outputs: ("hidden_states.1" | "last_hidden_state")[]) =>
      new Set(
        buildEncoderGraph(model, { outputs })
          .graph.nodes.map((node) => /^layers\.\d+/.exec(node.name)?.[0])
          .filter((layer) => layer !== undefined),
      ).size;
    expect(blocks(["hidden_states.1"])).toBe(1);
    expect(blocks(["hidden_states.1", "last_hidden_state"])).toBe(
      checkpoint.config.numHiddenLayers,
    );
  });

  test.each(["InternViT-300M-448px-V2_5", "InternViT-6B-448px-V2_5", "InternViT-6B-224px"])(
    "writes %s in less than 1 MB, fused and plain, at native and other sizes",
    (name) => {
      const { config } = getPreset(name);
      const weights = weightsOf(config);
      for (const fusions of [[], ALL_FUSIONS]) {
        for (const inputSize of [undefined, { height: 504, width: 896 }]) {
          const model = buildEncoderGraph(
            { config, weights },
            {
              fusions,
              ...(inputSize === undefined ? {} : { inputSize }),
              inputs: ["pixels", "pixel_values"],
              normalization: { rescaleFactor: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] },
            },
          );
          expect(encodeGraphModel(model).byteLength).toBeLessThan(1_000_000);
        }
      }
    },
  );

  test("refuses a size that is no multiple of the patch", () => {
    const { config } = getPreset("InternViT-300M-448px-V2_5");
    const build = () =>
      buildEncoderGraph(
        { config, weights: weightsOf(config) },
        { inputSize: { height: 448, width: 450 } },
      );
    expect(build).toThrow("must be a multiple of the patch, 14 pixels, got 450×448 (width×height)");
  });

  test("refuses pixels without a normalization, and a graph without inputs", () => {
    const { config } = getPreset("InternViT-300M-448px-V2_5");
    const model = { config, weights: weightsOf(config) };
    expect(() => buildEncoderGraph(model, { inputs: ["pixels"] })).toThrow("normalization");
    expect(() => buildEncoderGraph(model, { inputs: [] })).toThrow("needs an input");
  });
});
