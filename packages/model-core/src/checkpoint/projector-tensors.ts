// The projector (`mlp1`) by what its weights do: LayerNorm, linear, GELU, linear, from the pixel-unshuffled patches
// of the encoder to the width of a language model. C = hidden size, r = 1 / downsample ratio, T = width of a visual
// token.

import type { Affine, WeightSlice } from "./encoder-tensors.ts";
import type { ExpectedTensors } from "./expected-tensors.ts";

/**
 * The weights of a projector. Linear weights are [outputs, inputs]; every part has a bias. `Map` as in
 * `LayerWeights`.
 */
export interface ProjectorWeights<Map = Affine> {
  /** [r²C] and [r²C]. */
  readonly norm: Affine;
  /** [T, r²C] and [T]. */
  readonly linear1: Map;
  /** [T, T] and [T]. */
  readonly linear2: Map;
}

/** A way in which checkpoints name the projector's tensors. */
export interface ProjectorNaming {
  /** What stands before every name, such as `mlp1.`; empty in a projector that was saved alone. */
  readonly prefix: string;
  /** Names without `.weight` and `.bias`. */
  readonly norm: string;
  readonly linear1: string;
  readonly linear2: string;
}

// OpenGVLab's is a torch.nn.Sequential, in which index 2 is the activation.
const OPENGVLAB = { norm: "0", linear1: "1", linear2: "3" };
const TRANSFORMERS = { norm: "layer_norm", linear1: "linear_1", linear2: "linear_2" };

/** Every naming; OpenGVLab's own comes first. */
export const PROJECTOR_NAMINGS: readonly [ProjectorNaming, ...ProjectorNaming[]] = [
  projectorNaming("mlp1.", OPENGVLAB),
  projectorNaming("", OPENGVLAB),
  projectorNaming("multi_modal_projector.", TRANSFORMERS),
  projectorNaming("model.multi_modal_projector.", TRANSFORMERS),
  projectorNaming("", TRANSFORMERS),
];

function projectorNaming(prefix: string, parts: Omit<ProjectorNaming, "prefix">): ProjectorNaming {
  return {
    prefix,
    norm: prefix + parts.norm,
    linear1: prefix + parts.linear1,
    linear2: prefix + parts.linear2,
  };
}

/** Input and output width of a projector. */
export interface ProjectorSize {
  /** r²C. */
  readonly inputWidth: number;
  /** T. */
  readonly width: number;
}

/** The tensors of a projector and their shapes. */
export function expectedProjectorTensors(
  { inputWidth, width }: ProjectorSize,
  { norm, linear1, linear2 }: ProjectorNaming,
): ExpectedTensors {
  return new Map([
    [`${norm}.weight`, [inputWidth]],
    [`${norm}.bias`, [inputWidth]],
    [`${linear1}.weight`, [width, inputWidth]],
    [`${linear1}.bias`, [width]],
    [`${linear2}.weight`, [width, width]],
    [`${linear2}.bias`, [width]],
  ]);
}

/** The weights by role. `slices` must hold every expected tensor. */
export function arrangeProjectorWeights(
  slices: ReadonlyMap<string, WeightSlice>,
  { norm, linear1, linear2 }: ProjectorNaming,
): ProjectorWeights {
  const required = (name: string): WeightSlice => {
    const slice = slices.get(name);
    if (slice === undefined) throw new Error(`the expected tensors do not include ${name}`);
    return slice;
  };
  const affine = (name: string): Affine => ({
    weight: required(`${name}.weight`),
    bias: required(`${name}.bias`),
  });
  return { norm: affine(norm), linear1: affine(linear1), linear2: affine(linear2) };
}
