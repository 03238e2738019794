// What every VisionEncoder computes: the goldens, in the plain and in the fused form, from float32 and from uint8;
// and of a chat model the visual tokens.

import type {
  EncoderOutput,
  Fusion,
  InputSize,
  PixelShuffleVersion,
  Tensor,
  VisionEncoder,
} from "@internvit/model-core";
import { featureOf, hiddenStateOf } from "@internvit/model-core";
import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  type GoldenModel,
} from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

/** Makes an encoder over a golden checkpoint, given by the path or the address of its folder. */
export type VisionEncoderMaker = (
  checkpoint: string,
  options: {
    readonly outputs: readonly EncoderOutput[];
    readonly inputSize: InputSize;
    readonly fusions?: readonly Fusion[];
    readonly batchSize?: number;
    readonly selectLayer?: number;
    readonly pixelShuffleVersion?: PixelShuffleVersion;
  },
) => Promise<VisionEncoder>;

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

const CHAT_MODEL = "tiny-chat";

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
          const { maxAbsolute, relativeL2 } = difference(computed.data, golden.data);
          expect(maxAbsolute, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
          expect(relativeL2, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.relativeL2);
        }
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

/** The chat goldens: `<output>.<version>.layer<selected layer>`. */
const VISUAL_GOLDEN = /^(unshuffled|visual_tokens)\.(v1|v2)\.layer(-?\d+)$/;

/** Runs the contract of `VisionEncoder`'s visual outputs against the golden chat checkpoint. */
function describeVisualOutputs(
  label: string,
  createEncoder: VisionEncoderMaker,
  { location: checkpoint, expected }: GoldenModel,
  fusionSets: VisionEncoderContract["fusionSets"],
): void {
  const variants = new Map<string, { version: PixelShuffleVersion; selectLayer: number }>();
  for (const key of expected.keys()) {
    const [, , version = "", layer = ""] = VISUAL_GOLDEN.exec(key) ?? [];
    if (version !== "v1" && version !== "v2") continue;
    variants.set(`${version}.layer${layer}`, { version, selectLayer: Number(layer) });
  }
  const { shape, data } = float32Golden(expected, "pixel_values");
  const [count = 0, , height = 0, width = 0] = shape;
  const inputSize = { height, width };
  const outputs = ["unshuffled", "visual_tokens"] as const;

  describe(`${label}: golden tiny-chat`, () => {
    describe.each(Object.entries(fusionSets))("%s", (_, fusions) => {
      test.each([...variants])("%s is within the tolerance", async (variant, settings) => {
        const { version: pixelShuffleVersion, selectLayer } = settings;
        await using encoder = await createEncoder(checkpoint, {
          outputs,
          inputSize,
          fusions,
          selectLayer,
          pixelShuffleVersion,
        });
        const features = await encoder.encode({ dtype: "float32", shape, data });
        for (const output of outputs) {
          const golden = float32Golden(expected, `${output}.${variant}`);
          const computed = featureOf(features, output);
          // The golden map [n, rows, columns, width] is one list of tokens here.
          const tokens = golden.shape.slice(1, -1).reduce((product, size) => product * size, 1);
          expect(computed.shape).toEqual([count, tokens, golden.shape.at(-1)]);
          expect(encoder.info.visual?.tokensPerTile).toBe(tokens);
          const { maxAbsolute, relativeL2 } = difference(computed.data, golden.data);
          expect(maxAbsolute, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
          expect(relativeL2, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.relativeL2);
        }
      });
    });

    test("what the chat config says is the default, and info says it", async () => {
      await using encoder = await createEncoder(checkpoint, { outputs, inputSize });
      expect(encoder.info.visual).toEqual({
        selectLayer: -1,
        downsampleRatio: 0.5,
        pixelShuffleVersion: "v2",
        tokensPerTile: 16,
        projector: checkpoint,
      });
      const features = await encoder.encode({ dtype: "float32", shape, data });
      const golden = float32Golden(expected, "visual_tokens.v2.layer-1");
      expect(
        difference(featureOf(features, "visual_tokens").data, golden.data).maxAbsolute,
      ).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
    });

    test("refuses a layer that the model does not have", async () => {
      await expect(
        createEncoder(checkpoint, { outputs, inputSize, selectLayer: -6 }),
      ).rejects.toThrow(/selectLayer: expected a hidden state from 0 to 4.* -1 to -5, got -6/);
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
