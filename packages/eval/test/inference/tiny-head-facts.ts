// What the file of a head on one of the tiny checkpoints says.

import type { SegmentationForm, SegmentationHeadFacts } from "@internvit/eval";
import { type EncoderConfig, encoderConfigJson, type JsonFacts } from "@internvit/model-core";

/** Windows are the encoder's own size, pictures a patch larger. */
export function tinyHeadFacts(
  form: SegmentationForm,
  options: {
    readonly config: EncoderConfig;
    readonly blocks: readonly number[];
    readonly encoder?: Partial<SegmentationHeadFacts["encoder"]>;
  },
): SegmentationHeadFacts {
  const { config, blocks, encoder } = options;
  const { imageSize, patchSize } = config;
  return {
    form,
    classes: ["road", "sky", "tree"],
    blocks,
    inference: {
      shortSide: imageSize + patchSize,
      mode: { kind: "slide", window: imageSize, stride: 70 },
      scales: [1],
      flip: false,
    },
    protocol: { name: "test", hash: "ab".repeat(32) },
    iteration: 2,
    encoder: {
      name: "tiny-layernorm",
      checkpointHash: null,
      trained: false,
      config: encoderConfigJson(config) as JsonFacts,
      ...encoder,
    },
  };
}
