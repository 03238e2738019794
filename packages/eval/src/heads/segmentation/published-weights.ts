// The encoder's weights under the names of the published segmentation checkpoints, whatever its own checkpoint calls
// them. Reference: OpenGVLab/InternVL, segmentation/mmseg_custom/models/backbones/intern_vit_6b.py.

import type {
  Affine,
  EncoderWeights,
  ExternalInitializer,
  LayerWeights,
  WeightSlice,
} from "@internvit/model-core";

/** The name of the position embedding, which a graph reads in two parts. */
export const POSITIONS = "backbone.pos_embed";

/** The same places in the same files, renamed; query, key and value are parts 0, 1 and 2 of `attn.qkv`. */
export function publishedWeights(weights: EncoderWeights): EncoderWeights {
  return {
    classEmbedding: named(weights.classEmbedding, "backbone.cls_token"),
    positionEmbedding: named(weights.positionEmbedding, POSITIONS),
    patchEmbedding: affine(weights.patchEmbedding, "backbone.patch_embed.proj"),
    layers: weights.layers.map((layer, at) => publishedLayer(layer, `backbone.blocks.${at}`)),
  };
}

/**
 * The name of a graph's weight without its place in the file: names do not depend on how a checkpoint is laid out. Class
 * token and patches of the position embedding are its parts 0 and 1.
 */
export function partName(
  { name, start }: ExternalInitializer,
  { positionEmbedding }: EncoderWeights,
): string {
  const own = name.replace(/@\d+$/, "");
  if (own !== POSITIONS) return own;
  return `${own}@${start === positionEmbedding.start ? 0 : 1}`;
}

function publishedLayer(layer: LayerWeights, block: string): LayerWeights {
  const { query, key, value, queryNorm, keyNorm } = layer;
  const qkv = `${block}.attn.qkv`;
  return {
    norm1: affine(layer.norm1, `${block}.norm1`),
    query: affine(query, qkv, "@0"),
    key: affine(key, qkv, "@1"),
    value: affine(value, qkv, "@2"),
    queryNorm: queryNorm && named(queryNorm, `${block}.attn.q_norm.weight`),
    keyNorm: keyNorm && named(keyNorm, `${block}.attn.k_norm.weight`),
    projection: affine(layer.projection, `${block}.attn.proj`),
    norm2: affine(layer.norm2, `${block}.norm2`),
    fc1: affine(layer.fc1, `${block}.mlp.fc1`),
    fc2: affine(layer.fc2, `${block}.mlp.fc2`),
    layerScale1: named(layer.layerScale1, `${block}.ls1.gamma`),
    layerScale2: named(layer.layerScale2, `${block}.ls2.gamma`),
  };
}

function named(slice: WeightSlice, name: string): WeightSlice {
  return { ...slice, name };
}

function affine({ weight, bias }: Affine, name: string, part = ""): Affine {
  return {
    weight: named(weight, `${name}.weight${part}`),
    bias: bias && named(bias, `${name}.bias${part}`),
  };
}
