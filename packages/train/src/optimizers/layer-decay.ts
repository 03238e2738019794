// Layer-wise decay of the learning rate, as BEiT's fine-tuning and InternVL's segmentation do it: the deeper a layer is
// below the head, the slower it learns.

import type { ParameterGroup } from "./optimizer.ts";

/** Options of `layerDecay`. */
export interface LayerDecayOptions {
  /** Blocks of the encoder. */
  readonly layers: number;
  /** The factor from a layer to the one below it. 1: none. */
  readonly rate: number;
  /** Of matrices and tables. Vectors and everything called `bias` have none. */
  readonly weightDecay: number;
  /** Where the encoder's tensors are. Default: `backbone.`. */
  readonly prefix?: string;
}

/**
 * A function from names, as the published segmentation checkpoints have them, to groups: the embeddings are layer 0, block
 * i is layer i + 1, and everything else, pyramid and heads, is layer `layers + 1`. The embeddings of class token and
 * positions have weight decay: they are no vectors, and the published rule that would exempt them misses their prefix.
 */
export function layerDecay(
  options: LayerDecayOptions,
): (name: string, shape: readonly number[]) => ParameterGroup {
  const { layers, rate, weightDecay, prefix = "backbone." } = options;
  return (name, shape) => ({
    learningRateScale: rate ** (layers + 1 - layerOf(name, { layers, prefix })),
    weightDecay: shape.length <= 1 || name.endsWith(".bias") ? 0 : weightDecay,
  });
}

function layerOf(
  name: string,
  { layers, prefix }: { readonly layers: number; readonly prefix: string },
): number {
  const own = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  if (own === "cls_token" || own === "pos_embed" || own.startsWith("patch_embed.")) return 0;
  const [, block] = /^blocks\.(\d+)\./.exec(own) ?? [];
  return block === undefined ? layers + 1 : Number(block) + 1;
}
