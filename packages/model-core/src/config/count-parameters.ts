import { unshuffledGrid } from "../pixel-unshuffle.ts";
import type { ChatConfig } from "./chat-config.ts";
import type { EncoderConfig } from "./encoder-config.ts";

/** The number of weights of an encoder, layer scales and embeddings included. */
export function countParameters(config: EncoderConfig): number {
  const { hiddenSize: width, intermediateSize: inner, patchSize, numChannels } = config;
  const patches = (config.imageSize / patchSize) ** 2;
  const classToken = width;
  const positions = (1 + patches) * width;
  const patchEmbedding = numChannels * patchSize ** 2 * width + width;

  const norms = 2 * (config.normType === "layer_norm" ? 2 : 1) * width;
  const qkv = 3 * width * width + (config.qkvBias ? 3 * width : 0);
  const qkNorms = config.qkNormalization ? 2 * width : 0;
  const projection = width * width + width;
  const mlp = 2 * width * inner + inner + width;
  const layerScales = 2 * width;
  const layer = norms + qkv + qkNorms + projection + mlp + layerScales;

  return classToken + positions + patchEmbedding + config.numHiddenLayers * layer;
}

/**
 * The number of weights of the projector behind an encoder.
 *
 * @throws ModelError `invalid-argument` for a downsample ratio that is not 1/r with a whole r.
 */
export function countProjectorParameters(
  { hiddenSize }: Pick<EncoderConfig, "hiddenSize">,
  chat: Pick<ChatConfig, "downsampleRatio"> & { readonly projectorWidth: number },
): number {
  const { factor } = unshuffledGrid({ rows: 0, columns: 0 }, chat.downsampleRatio);
  const inner = hiddenSize * factor ** 2;
  const width = chat.projectorWidth;
  return 2 * inner + (inner + 1) * width + (width + 1) * width;
}
