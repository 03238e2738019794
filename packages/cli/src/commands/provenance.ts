// What a result file says about how it was made.

import type { EncoderInfo, JsonValue } from "@internvit/model-core";
import sharp from "sharp";
import type { Preparation } from "@internvit/runtime-node";

import type { Model } from "../checkpoints/open-model.ts";
import type { FailedEvent } from "../events.ts";
import type { Provenance } from "../results/result-file.ts";
import { VERSION } from "../version.ts";
import { failureFacts } from "./failures.ts";

/** Which pictures the rows are of. */
export function sourceFacts(
  files: readonly string[],
  failed: readonly FailedEvent[] = [],
): Provenance {
  return { files, ...(failed.length === 0 ? {} : { failed: failureFacts(failed) }) };
}

/** How pictures became pixels. */
export function preparationFacts(
  preparation: Preparation,
  { orientation }: { readonly orientation: "ignore" | "apply" },
): Provenance {
  const { mode, size, normalization } = preparation;
  const { rescaleFactor = 1 / 255, mean, std } = normalization;
  return {
    preprocess: mode,
    image_size: [size.height, size.width],
    filter: preparation.mode === "clip" ? preparation.config.resample : "bicubic",
    normalization: { rescale_factor: rescaleFactor, mean, std },
    orientation,
  };
}

/** Which model ran, and on what. */
export function encoderFacts(model: Model, info: EncoderInfo): Provenance {
  const { executionProvider, device, driver, dtype, conversion, threads, fusions } = info;
  const { placement, passedOver, notes, checkpointHash } = info;
  return {
    model: model.label,
    ...(model.synthesized === undefined ? {} : { synthesized: model.synthesized }),
    ...(checkpointHash === undefined ? {} : { checkpoint_hash: checkpointHash }),
    execution_provider: executionProvider,
    device,
    ...(driver === undefined ? {} : { driver }),
    dtype,
    ...(conversion === undefined
      ? {}
      : { linear_maps: conversion.maps, kept_float32: conversion.float32 }),
    threads,
    fusions,
    ...(placement === undefined ? {} : { placement }),
    ...(passedOver === undefined
      ? {}
      : { passed_over: passedOver.map(({ provider, reason }) => ({ provider, reason })) }),
    ...(notes === undefined ? {} : { notes }),
  };
}

/** Versions of everything that has a say in the numbers. */
export function versionFacts(info?: EncoderInfo): Provenance {
  const versions: Record<string, JsonValue> = {
    internvit: VERSION,
    node: process.versions.node,
    ...info?.versions,
    sharp: sharp.versions.sharp ?? "unknown",
    libvips: sharp.versions.vips,
  };
  return { versions };
}
