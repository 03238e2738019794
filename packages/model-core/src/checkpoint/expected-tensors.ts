// Which tensors an architecture has, under a given naming, and their shapes.

import type { EncoderConfig } from "../config/encoder-config.ts";
import { embeddingNames, layerNames, type TensorNaming } from "./naming.ts";

/** The shapes by tensor name, in the order of the forward pass. */
export type ExpectedTensors = ReadonlyMap<string, readonly number[]>;

/** The tensors that an encoder of this architecture has. C channels, G×G patches. */
export function expectedTensors(config: EncoderConfig, naming: TensorNaming): ExpectedTensors {
  const { hiddenSize: width, intermediateSize: inner, patchSize, numChannels } = config;
  const patches = (config.imageSize / patchSize) ** 2;
  const tensors = new Map<string, readonly number[]>();
  const affine = (name: string, shape: readonly number[], hasBias: boolean): void => {
    tensors.set(`${name}.weight`, shape);
    if (hasBias) tensors.set(`${name}.bias`, shape.slice(0, 1));
  };

  const embeddings = embeddingNames(naming);
  tensors.set(embeddings.classEmbedding, [1, 1, width]);
  tensors.set(embeddings.positionEmbedding, [1, 1 + patches, width]);
  affine(embeddings.patchEmbedding, [width, numChannels, patchSize, patchSize], true);

  const normBias = config.normType === "layer_norm";
  for (let index = 0; index < config.numHiddenLayers; index++) {
    const names = layerNames(naming, index);
    affine(names.norm1, [width], normBias);
    if ("qkv" in names.attention) {
      affine(names.attention.qkv, [3 * width, width], config.qkvBias);
    } else {
      affine(names.attention.query, [width, width], config.qkvBias);
      affine(names.attention.key, [width, width], config.qkvBias);
      affine(names.attention.value, [width, width], config.qkvBias);
    }
    if (config.qkNormalization) {
      affine(names.queryNorm, [width], false);
      affine(names.keyNorm, [width], false);
    }
    affine(names.projection, [width, width], true);
    tensors.set(names.layerScale1, [width]);
    affine(names.norm2, [width], normBias);
    affine(names.fc1, [inner, width], true);
    affine(names.fc2, [width, inner], true);
    tensors.set(names.layerScale2, [width]);
  }
  return tensors;
}
