import { describe, expect, test } from "vitest";

import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { resolveEncoderWeights } from "../../src/checkpoint/match-encoder-tensors.ts";
import { getPreset } from "../../src/config/presets.ts";
import {
  buildEncoderGraph,
  type EncoderGraphOptions,
} from "../../src/encoder/build-encoder-graph.ts";
import { ALL_FUSIONS } from "../../src/encoder/fusion.ts";
import type { EncoderOutput } from "../../src/encoder/outputs.ts";
import { encodeGraphModel } from "../../src/onnx/encode-model.ts";
import { goldenDirectory } from "../golden-directory.ts";
import { projectorOf, weightsOf } from "./weights-of.ts";

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

  test("takes factors for drop path only where it is asked to, for the blocks that run", async () => {
    const checkpoint = await readCheckpoint(goldenDirectory("tiny-layernorm"));
    const model = { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) };
    const inputs = (options: EncoderGraphOptions) =>
      buildEncoderGraph(model, options).graph.inputs.map(({ name, shape }) => [name, shape]);
    const [pictures] = inputs({});
    expect(inputs({ dropPath: true })).toEqual([
      pictures,
      ["drop_path", [checkpoint.config.numHiddenLayers, 2, "batch", 1, 1]],
    ]);
    expect(inputs({ dropPath: true, batch: 4, outputs: ["hidden_states.1"] })[1]).toEqual([
      "drop_path",
      [1, 2, 4, 1, 1],
    ]);
    expect(inputs({ dropPath: false })).toEqual([pictures]);
  });

  test("leaves out the blocks after the selected layer, unless another output needs them", () => {
    const { config, chat } = getPreset("InternVL2_5-1B");
    const model = { config, weights: weightsOf(config) };
    const blocks = (outputs: readonly EncoderOutput[], selectLayer: number) =>
      new Set(
        buildEncoderGraph(model, { outputs, visual: { ...chat!, selectLayer } })
          .graph.nodes.map((node) => /^layers\.\d+/.exec(node.name)?.[0])
          .filter((layer) => layer !== undefined),
      ).size;
    expect(blocks(["unshuffled"], -1)).toBe(24);
    expect(blocks(["unshuffled"], -4)).toBe(21);
    expect(blocks(["unshuffled"], 3)).toBe(3);
    expect(blocks(["unshuffled"], 0)).toBe(0);
    expect(blocks(["unshuffled", "hidden_states.5"], 3)).toBe(5);
    expect(blocks(["unshuffled", "pooler_output"], 3)).toBe(24);
  });

  test("computes the class token alone in the last block where pooler_output alone needs it", () => {
    const { config, chat } = getPreset("InternVL2_5-1B");
    const model = { config, weights: weightsOf(config) };
    const isPruned = (outputs: readonly EncoderOutput[], selectLayer = -4) =>
      buildEncoderGraph(model, {
        outputs,
        fusions: ALL_FUSIONS,
        visual: { ...chat!, selectLayer },
      }).graph.nodes.some(
        ({ name, opType }) => name.startsWith("layers.23/") && opType === "Slice",
      );
    expect(isPruned(["pooler_output"])).toBe(true);
    expect(isPruned(["pooler_output", "hidden_states.23", "unshuffled"])).toBe(true);
    expect(isPruned(["pooler_output", "hidden_states.24"])).toBe(false);
    expect(isPruned(["pooler_output", "last_hidden_state"])).toBe(false);
    expect(isPruned(["pooler_output", "patch_mean"])).toBe(false);
    expect(isPruned(["pooler_output", "unshuffled"], -1)).toBe(false);
    expect(isPruned(["hidden_states.24"])).toBe(false);
  });

  test.each(["InternVL2_5-1B", "InternVL2_5-78B"])(
    "writes the visual tokens of %s in less than 1 MB, fused and plain",
    (name) => {
      const { config, chat } = getPreset(name);
      const model = { config, weights: weightsOf(config), projector: projectorOf(config, chat!) };
      for (const fusions of [[], ALL_FUSIONS]) {
        const built = buildEncoderGraph(model, {
          fusions,
          outputs: ["visual_tokens", "unshuffled"],
          visual: chat!,
        });
        expect(built.graph.outputs).toEqual([
          {
            name: "visual_tokens",
            dtype: "float32",
            shape: ["batch", 256, chat!.projectorWidth],
          },
          { name: "unshuffled", dtype: "float32", shape: ["batch", 256, 4 * config.hiddenSize] },
        ]);
        expect(encodeGraphModel(built).byteLength).toBeLessThan(1_000_000);
      }
    },
  );

  test("merges the patches of a picture that is not square", () => {
    const { config, chat } = getPreset("InternVL2_5-1B");
    const { graph } = buildEncoderGraph(
      { config, weights: weightsOf(config) },
      { outputs: ["unshuffled"], visual: chat!, inputSize: { height: 56, width: 140 } },
    );
    expect(graph.outputs[0]?.shape).toEqual(["batch", 2 * 5, 4096]);
  });

  test("refuses visual outputs without what they need", () => {
    const { config, chat } = getPreset("InternVL2_5-1B");
    const model = { config, weights: weightsOf(config) };
    const build = (options: EncoderGraphOptions) => () => buildEncoderGraph(model, options);
    expect(build({ outputs: ["unshuffled"] })).toThrow("need visual: selectLayer");
    expect(build({ outputs: ["visual_tokens"], visual: chat! })).toThrow(
      "visual_tokens needs a projector",
    );
    const odd = { height: 448, width: 434 };
    expect(build({ outputs: ["unshuffled"], visual: chat!, inputSize: odd })).toThrow(
      "a multiple of 2, got 32×31 (rows×columns)",
    );
    const layer = { ...chat!, selectLayer: 25 };
    expect(build({ outputs: ["unshuffled"], visual: layer })).toThrow(
      "selectLayer: expected a hidden state from 0 to 24",
    );
    const version = { ...chat!, pixelShuffleVersion: "v3" as "v2" };
    expect(build({ outputs: ["unshuffled"], visual: version })).toThrow("expected v1 or v2");
  });

  test("refuses a projector for another encoder", () => {
    const { config } = getPreset("InternVL2_5-1B");
    const { config: wide, chat } = getPreset("InternVL2_5-26B");
    const model = { config, weights: weightsOf(config), projector: projectorOf(wide, chat!) };
    expect(() => buildEncoderGraph(model, { outputs: ["visual_tokens"], visual: chat! })).toThrow(
      /LayerNormalization needs a vector as long as the last axis/,
    );
  });

  test("fixes the batch where one is given", () => {
    const { config, chat } = getPreset("InternVL2_5-1B");
    const model = { config, weights: weightsOf(config) };
    const { graph } = buildEncoderGraph(model, {
      batch: 3,
      outputs: ["pooler_output", "unshuffled"],
      visual: chat!,
    });
    expect(graph.inputs.map(({ shape }) => shape)).toEqual([[3, 3, 448, 448]]);
    expect(graph.outputs.map(({ shape }) => shape)).toEqual([
      [3, 1024],
      [3, 256, 4096],
    ]);
    for (const batch of [0, -1, 1.5, Number.NaN]) {
      expect(() => buildEncoderGraph(model, { batch })).toThrow(/batch: expected a whole number/);
    }
    expect(() =>
      buildEncoderGraph(model, {
        batch: 1,
        inputs: ["pixels", "pixel_values"],
        normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
      }),
    ).toThrow("a fixed batch needs one input");
  });

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
