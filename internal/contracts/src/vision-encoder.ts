// What every VisionEncoder computes: the goldens, in the plain and in the fused form, from float32 and from uint8;
// and of a chat model the visual tokens.

import type { EncoderOutput, Fusion, Tensor } from "@internvit/model-core";
import { featureOf, hiddenStateOf } from "@internvit/model-core";
import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  type GoldenModel,
} from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { expectNear } from "./expect-near.ts";
import type { VisionEncoderMaker } from "./vision-encoder-maker.ts";
import { CHAT_MODEL, describeVisualOutputs } from "./visual-outputs.ts";

/** Options of `describeVisionEncoder`. */
export interface VisionEncoderContract {
  /** The forms of the graph to check, by what to call them. */
  readonly fusionSets: Readonly<Record<string, readonly Fusion[]>>;
  /** The golden checkpoints: all that there are, or some for devices too slow for all of them. */
  readonly models: readonly GoldenModel[];
}

/** Runs the contract of `VisionEncoder` against golden checkpoints. */
export function describeVisionEncoder(
  label: string,
  createEncoder: VisionEncoderMaker,
  { fusionSets, models }: VisionEncoderContract,
): void {
  for (const model of models) {
    if (model.name === CHAT_MODEL) describeVisualOutputs(label, createEncoder, model, fusionSets);
    else describeFeatures(label, createEncoder, model, fusionSets);
  }
}

function describeFeatures(
  label: string,
  createEncoder: VisionEncoderMaker,
  { name, location, expected }: GoldenModel,
  fusionSets: VisionEncoderContract["fusionSets"],
): void {
  describe(`${label}: golden ${name}`, () => {
    const prefixes = [...expected.keys()]
      .filter((key) => key.endsWith("pixel_values"))
      .map((key) => key.slice(0, -"pixel_values".length));

    describe.each(Object.entries(fusionSets))("%s", (_, fusions) => {
      test.each(prefixes)("%s every output is within the tolerance", async (prefix) => {
        const { shape, data } = float32Golden(expected, `${prefix}pixel_values`);
        const [, , height = 0, width = 0] = shape;
        const outputs = [...expected.keys()]
          .filter((key) => key.startsWith(prefix) && key !== `${prefix}pixel_values`)
          .map((key) => key.slice(prefix.length) as EncoderOutput);
        await using encoder = await createEncoder(location, {
          outputs,
          inputSize: { height, width },
          fusions,
          batchSize: 2,
        });
        const features = await encoder.encode({ dtype: "float32", shape, data });
        for (const output of outputs) {
          const golden = float32Golden(expected, prefix + output);
          const computed = featureOf(features, output);
          expect(computed.shape).toEqual(golden.shape);
          expectNear(computed.data, golden.data, output);
        }
      });

      // Another graph than that of all outputs: the last block computes the class token alone.
      test("pooler_output alone is within the tolerance", async () => {
        const prefix = prefixes.includes("native.") ? "native." : "";
        const { shape, data } = float32Golden(expected, `${prefix}pixel_values`);
        const golden = float32Golden(expected, `${prefix}last_hidden_state`);
        const [, , height = 0, width = 0] = shape;
        const [count = 0, tokens = 0, hidden = 0] = golden.shape;
        await using encoder = await createEncoder(location, {
          outputs: ["pooler_output"],
          inputSize: { height, width },
          fusions,
          batchSize: 2,
        });
        const features = await encoder.encode({ dtype: "float32", shape, data });
        const computed = featureOf(features, "pooler_output");
        expect(computed.shape).toEqual([count, hidden]);
        const classTokens = golden.data.filter((_, i) => i % (tokens * hidden) < hidden);
        expectNear(computed.data, classTokens, "pooler_output");
      });
    });

    test("patch_mean is the mean of the patch tokens", async () => {
      const prefix = prefixes[0] ?? "";
      const { shape, data } = float32Golden(expected, `${prefix}pixel_values`);
      const golden = float32Golden(expected, `${prefix}last_hidden_state`);
      const [count = 0, , height = 0, width = 0] = shape;
      const [, tokens = 0, hidden = 0] = golden.shape;
      await using encoder = await createEncoder(location, {
        outputs: ["patch_mean"],
        inputSize: { height, width },
      });
      const means = new Float64Array(count * hidden);
      for (let image = 0; image < count; image++) {
        for (let token = 1; token < tokens; token++) {
          for (let channel = 0; channel < hidden; channel++) {
            const value = golden.data[(image * tokens + token) * hidden + channel] ?? Number.NaN;
            means[image * hidden + channel]! += value / (tokens - 1);
          }
        }
      }
      const features = await encoder.encode({ dtype: "float32", shape, data });
      const computed = featureOf(features, "patch_mean");
      expect(computed.shape).toEqual([count, hidden]);
      expect(difference(computed.data, means).maxAbsolute).toBeLessThanOrEqual(
        FLOAT32_GOLDEN_TOLERANCE.maxAbsolute,
      );
    });

    test("uint8 pixels give what their normalised float32 values give", async () => {
      const prefix = prefixes[0] ?? "";
      const { shape } = float32Golden(expected, `${prefix}pixel_values`);
      const [, , height = 0, width = 0] = shape;
      await using encoder = await createEncoder(location, {
        outputs: ["last_hidden_state", "hidden_states.0"],
        inputSize: { height, width },
      });
      const pixels = Uint8Array.from({ length: 3 * height * width * 3 }, (_, i) => (i * 37) % 256);
      // 37 is odd, so every value of a byte occurs in every channel.
      const fromPixels = await encoder.encode({
        dtype: "uint8",
        shape: [3, height, width, 3],
        data: pixels,
      });
      const fromValues = await encoder.encode(normalize(pixels, [3, height, width]));
      expect(fromPixels.hiddenStates?.[0]?.data).toEqual(fromValues.hiddenStates?.[0]?.data);
      expect(fromPixels.lastHiddenState?.data).toEqual(fromValues.lastHiddenState?.data);
    });

    test("refuses outputs and sizes that the model does not have", async () => {
      const { shape } = float32Golden(expected, `${prefixes[0] ?? ""}pixel_values`);
      const [, , height = 0, width = 0] = shape;
      const inputSize = { height, width };
      await expect(
        createEncoder(location, { outputs: ["hidden_states.99"], inputSize }),
      ).rejects.toThrow(/no output "hidden_states.99"/);
      await using encoder = await createEncoder(location, {
        outputs: ["pooler_output"],
        inputSize,
      });
      expect(() => hiddenStateOf("pooler_output", encoder.config)).not.toThrow();
      await expect(
        encoder.encode({ dtype: "uint8", shape: [1, 2, 2, 3], data: new Uint8Array(12) }),
      ).rejects.toThrow(/encode takes uint8 .* got uint8 \[1, 2, 2, 3\] with 12 elements/);
    });
  });
}

/** The image processor's arithmetic: pixel · 1/255 in float64, then − mean and / std in float32 (ImageNet constants). */
function normalize(
  pixels: Uint8Array,
  [count, height, width]: readonly [number, number, number],
): Tensor<"float32"> {
  const mean = [0.485, 0.456, 0.406].map(Math.fround);
  const std = [0.229, 0.224, 0.225].map(Math.fround);
  const area = height * width;
  const data = new Float32Array(count * 3 * area);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let at = 0; at < area; at++) {
        const sample = pixels[(image * area + at) * 3 + channel] ?? Number.NaN;
        const rescaled = Math.fround(sample * (1 / 255));
        const centered = Math.fround(rescaled - (mean[channel] ?? 0));
        data[(image * 3 + channel) * area + at] = centered / (std[channel] ?? 1);
      }
    }
  }
  return { dtype: "float32", shape: [count, 3, height, width], data };
}
