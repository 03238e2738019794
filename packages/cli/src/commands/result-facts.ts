// What results of `internvit eval` say of the model and of the machine.

import { arch, platform } from "node:os";

import type { ClassificationResult } from "@internvit/eval";
import type { EncoderInfo, JsonFacts } from "@internvit/model-core";
import sharp from "sharp";

import type { Model } from "../checkpoints/open-model.ts";
import { VERSION } from "../version.ts";

/** The model; the hash is null where it is not known. */
export function modelFacts(
  model: Model,
  { checkpointHash }: { readonly checkpointHash: string | null },
): ClassificationResult["model"] {
  return {
    name: model.label,
    source: model.checkpoint.label,
    checkpointHash,
    synthesized: model.synthesized ?? null,
    config: encoderConfigJson(model),
  };
}

/** The machine. */
export function environmentFacts({
  executionProvider,
  device,
  dtype,
  versions,
}: Pick<
  EncoderInfo,
  "executionProvider" | "device" | "dtype" | "versions"
>): ClassificationResult["environment"] {
  return {
    provider: executionProvider,
    device,
    dtype,
    platform: `${platform()} ${arch()}`,
    versions: {
      internvit: VERSION,
      node: process.versions.node,
      ...versions,
      sharp: sharp.versions.sharp ?? "unknown",
      libvips: sharp.versions.vips,
    },
  };
}

/** config.json, of a chat model the encoder's part. */
function encoderConfigJson({ checkpoint }: Model): JsonFacts {
  const whole = checkpoint.configJson as JsonFacts;
  const encoder = whole["vision_config"];
  return encoder !== null && typeof encoder === "object" ? (encoder as JsonFacts) : whole;
}
