// A segmentation head as training leaves it in a file: for three classes, on the third block of a checkpoint.

import type { JsonFacts } from "@internvit/model-core";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
  encodeHeadFacts,
  encodeSegmentationHead,
  initialSegmentationHead,
  trainedEncoder,
} from "@internvit/eval";
import { openCheckpoint } from "@internvit/runtime-node";

/** The file's bytes, with the encoder if it is to be `trained`. */
export async function headBytes(
  model: string,
  encoder: { readonly trained?: boolean; readonly checkpointHash?: string } = {},
): Promise<Uint8Array> {
  const { trained = false, checkpointHash = null } = encoder;
  const checkpoint = await openCheckpoint(model);
  const { hiddenSize: width, imageSize: size } = checkpoint.config;
  const form = { kind: "linear", width, classes: 3 } as const;
  const { parameters, buffers } = initialSegmentationHead(form, { seed: 4 });
  const own = trained
    ? (await trainedEncoder(checkpoint, { size, taps: [2], dropPathRate: 0 })).parameters
    : {};
  const metadata = encodeHeadFacts({
    form,
    classes: ["road", "sky", "tree"],
    blocks: [2],
    inference: {
      shortSide: size,
      mode: { kind: "slide", window: size, stride: 70 },
      scales: [1],
      flip: false,
    },
    protocol: { name: "test", hash: "cd".repeat(32) },
    iteration: 7,
    encoder: {
      name: "tiny",
      checkpointHash,
      trained,
      config: JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as JsonFacts,
    },
  });
  const weights = { ...parameters, ...buffers, ...own };
  return encodeSegmentationHead(weights, { updates: 7, metadata });
}
