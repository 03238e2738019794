import { describe, expect, test } from "vitest";

import type { WeightSlice } from "../../src/checkpoint/encoder-tensors.ts";
import { getPreset } from "../../src/config/presets.ts";
import { buildEncoderGraph } from "../../src/encoder/build-encoder-graph.ts";
import { encodeGraphModel } from "../../src/onnx/encode-model.ts";
import { measureChannels } from "../../src/quantize/channels.ts";
import type { ConvertedDtype } from "../../src/quantize/choose-forms.ts";
import {
  planEncoderWeights,
  planProjectorWeights,
  spreadOf,
} from "../../src/quantize/plan-weights.ts";
import { elementCount } from "../../src/tensor.ts";
import { projectorOf, weightsOf } from "../encoder/weights-of.ts";

const CPU = { target: "cpu", file: "weights.bin" } as const;

async function ones({ shape }: WeightSlice): Promise<Float32Array<ArrayBuffer>> {
  return new Float32Array(elementCount(shape)).fill(1);
}

describe("planEncoderWeights", () => {
  test.each(["f16", "q8", "q8-dynamic", "q4"] as const)(
    "places every tensor of %s once, aligned, with a graph that reads nothing else",
    (dtype: ConvertedDtype) => {
      for (const name of ["InternVL2_5-1B", "InternVL2_5-78B"]) {
        const { config, chat } = getPreset(name);
        const layers = config.numHiddenLayers;
        const spread = Array.from({ length: layers }, (_, i) => ({ attention: i, mlp: 0 }));
        const plan = planEncoderWeights(weightsOf(config), { ...CPU, dtype, spread });
        const projector = planProjectorWeights(projectorOf(config, chat!), {
          ...CPU,
          dtype,
          file: "projector.bin",
        });
        let end = 0;
        const misplaced: string[] = [];
        for (const { tensors } of plan.groups) {
          for (const { name, start, byteLength } of tensors) {
            if (start % 4096 !== 0 || start < end) misplaced.push(name);
            end = start + byteLength;
          }
        }
        expect(misplaced).toEqual([]);
        expect(plan.byteLength).toBe(end);
        const model = { config, weights: plan.weights, projector: projector.weights };
        const graph = buildEncoderGraph(model, {
          outputs: ["last_hidden_state", "visual_tokens"],
          visual: chat!,
        });
        expect(graph.files.toSorted()).toEqual(["projector.bin", "weights.bin"]);
        expect(encodeGraphModel(graph).byteLength).toBeLessThan(1_000_000);
      }
    },
  );

  test.each(["f16", "q8", "q8-dynamic", "q4"] as const)(
    "says for %s what each group reads, neither more nor less",
    async (dtype) => {
      for (const normType of ["rms_norm", "layer_norm"] as const) {
        const preset = getPreset("InternViT-300M-448px-V2_5").config;
        const sizes = { hiddenSize: 64, numAttentionHeads: 2, intermediateSize: 64, imageSize: 28 };
        const config = { ...preset, ...sizes, numHiddenLayers: 4, normType };
        const weights = weightsOf(config);
        const channels = await measureChannels(weights, { read: ones, spreads: () => true });
        const spread = spreadOf(channels);
        const plan = planEncoderWeights(weights, { ...CPU, dtype, spread, channels });
        for (const { reads, make, tensors } of plan.groups) {
          const read: WeightSlice[] = [];
          await make(async (slice) => {
            read.push(slice);
            return ones(slice);
          });
          expect(read, tensors[0]?.name ?? "").toEqual(reads);
        }
      }
    },
  );

  test("takes less room the fewer bits there are", () => {
    const { config } = getPreset("InternViT-300M-448px-V2_5");
    const bytes = (dtype: ConvertedDtype): number =>
      planEncoderWeights(weightsOf(config), { ...CPU, dtype }).byteLength / 304e6;
    expect(bytes("f16")).toBeCloseTo(2, 0);
    expect(bytes("q8")).toBeCloseTo(1, 0);
    expect(bytes("q4")).toBeLessThan(0.75);
  });

  test("says which layers have which form", () => {
    const { config } = getPreset("InternViT-300M-448px-V2_5");
    const maps = (dtype: ConvertedDtype, target: "cpu" | "gpu") =>
      planEncoderWeights(weightsOf(config), { dtype, target, file: "w" }).maps;
    expect(maps("q8", "cpu")).toEqual([
      "layers 0 to 5: 8 bit, a scale per 64 weights",
      "layers 6 to 23: int8, a scale per output and run",
    ]);
    expect(maps("q8", "gpu")).toEqual(["layers 0 to 23: 8 bit, a scale per 64 weights"]);
    expect(maps("f16", "gpu")).toEqual(["layers 0 to 23: float16"]);
  });

  test("refuses what no GPU has operators for", () => {
    const { config } = getPreset("InternViT-300M-448px-V2_5");
    const options = { dtype: "q8-dynamic", target: "gpu", file: "w" } as const;
    expect(() => planEncoderWeights(weightsOf(config), options)).toThrow(/cpu .* provider only/);
    expect(() => planEncoderWeights(weightsOf(config), options)).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  });
});
