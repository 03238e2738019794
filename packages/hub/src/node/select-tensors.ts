// Which tensors of a checkpoint the encoder and the projector are.

import {
  type Checkpoint,
  type EncoderWeights,
  resolveEncoderWeights,
  type TensorEntry,
  type WeightSlice,
} from "@internvit/model-core";

/** How much of a model is wanted; the projector only where the model has one. */
export type ModelParts = "encoder" | "encoder-and-projector" | "everything";

/** Beginnings of the projector's tensor names: OpenGVLab's chat models, and transformers' two ways. */
const PROJECTOR = ["mlp1.", "multi_modal_projector.", "model.multi_modal_projector."];

/** From this share of the weights on, whole files are fetched: they have a hash and other programs can use them. */
const WHOLE_SHARE = 0.9;

/** The tensors that are needed, by name. */
export interface TensorSelection {
  readonly tensors: readonly TensorEntry[];
  /** True when they are (almost) everything. */
  readonly isWhole: boolean;
}

/**
 * Selects the tensors of a part of the model.
 *
 * @throws ModelError when the checkpoint does not hold the encoder that its config describes.
 */
export function selectTensors(
  checkpoint: Checkpoint,
  parts: Exclude<ModelParts, "everything">,
): TensorSelection {
  const names = new Set(encoderNames(resolveEncoderWeights(checkpoint)));
  if (parts === "encoder-and-projector") {
    const projector = [...checkpoint.tensors.keys()].filter((name) =>
      PROJECTOR.some((prefix) => name.startsWith(prefix)),
    );
    for (const name of projector) names.add(name);
  }
  const tensors = [...checkpoint.tensors.values()].filter(({ name }) => names.has(name));
  return {
    tensors,
    isWhole: totalBytes(tensors) >= WHOLE_SHARE * totalBytes([...checkpoint.tensors.values()]),
  };
}

function totalBytes(tensors: readonly TensorEntry[]): number {
  return tensors.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}

function encoderNames(weights: EncoderWeights): readonly string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (isSlice(value)) names.push(value.name);
    else for (const part of Object.values(value)) visit(part);
  };
  visit(weights);
  return names;
}

function isSlice(value: object): value is WeightSlice {
  return "name" in value && "byteLength" in value;
}
