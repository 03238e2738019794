// The plan of derived weights: the page builds the graph from it, the worker computes the tensors. Both make it from
// the same recipe, so only plain data crosses between them.

import {
  type DerivedGroup,
  type EncoderWeights,
  type LayerChannels,
  type LayerSpread,
  type LinearMap,
  needsChannels,
  planAlignedWeights,
  planEncoderWeights,
  planProjectorWeights,
  type ProjectorWeights,
} from "@internvit/model-core";

import type { WeightForm, WeightRecipe } from "./protocol.ts";

/** Weights in files that are made from a checkpoint's. */
export interface WeightPlan {
  readonly encoder: EncoderWeights<LinearMap>;
  readonly projector: ProjectorWeights<LinearMap> | undefined;
  /** The form of the maps in plain words; empty when nothing is converted. */
  readonly maps: readonly string[];
  /** What is in each file, by the name that the graph has for it. */
  readonly files: Readonly<Record<string, PlannedFile>>;
}

/** A file to be made. */
export interface PlannedFile {
  readonly groups: readonly DerivedGroup[];
  readonly byteLength: number;
}

/** Counted up whenever the same weights become other bytes. */
export const PLAN_VERSION = 1;

/** True for a form whose tensors depend on what the weights are, and not only on their shapes. */
export function needsMeasuring(
  form: WeightForm,
): form is Extract<WeightForm, { readonly kind: "converted" }> {
  return form.kind === "converted" && needsChannels(form);
}

/**
 * Plans the weights of a recipe; reads nothing. Where `needsMeasuring`, places are right with the measured `spread` only,
 * and tensors can be made with the measured `channels` only.
 */
export function planWeights(
  { form, encoder, projector }: WeightRecipe,
  measured: {
    readonly spread?: readonly LayerSpread[] | undefined;
    readonly channels?: readonly LayerChannels[] | undefined;
  } = {},
): WeightPlan {
  const first =
    form.kind === "aligned"
      ? planAlignedWeights(encoder, { ...form, file: "encoder" })
      : planEncoderWeights(encoder, { ...form, ...measured, file: "encoder" });
  if (projector === undefined) {
    return {
      encoder: first.weights,
      projector: undefined,
      maps: first.maps,
      files: { encoder: first },
    };
  }
  const second =
    form.kind === "aligned"
      ? planAlignedWeights(projector, { ...form, file: "projector" })
      : planProjectorWeights(projector, { ...form, file: "projector" });
  return {
    encoder: first.weights,
    projector: second.weights,
    maps: [...first.maps, ...second.maps],
    files: { encoder: first, projector: second },
  };
}
