// What every VisionEncoder computes of a chat model: the golden visual tokens, of every version and layer.

import type { Fusion, PixelShuffleVersion } from "@internvit/model-core";
import { featureOf } from "@internvit/model-core";
import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  type GoldenModel,
} from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { expectNear } from "./expect-near.ts";
import type { VisionEncoderMaker } from "./vision-encoder-maker.ts";

/** The golden checkpoint with a projector. */
export const CHAT_MODEL = "tiny-chat";

/** The chat goldens: `<output>.<version>.layer<selected layer>`. */
const VISUAL_GOLDEN = /^(unshuffled|visual_tokens)\.(v1|v2)\.layer(-?\d+)$/;

/** Runs the contract of `VisionEncoder`'s visual outputs against the golden chat checkpoint. */
export function describeVisualOutputs(
  label: string,
  createEncoder: VisionEncoderMaker,
  { location: checkpoint, expected }: GoldenModel,
  fusionSets: Readonly<Record<string, readonly Fusion[]>>,
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
          expectNear(computed.data, golden.data, output);
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
