// The model that the page brings along: a small InternViT whose weights are random numbers of a fixed seed. It has the
// tiles and patches of the published ones (448 pixels, 14 to a patch), so that all that is shown is of their size, and
// little enough to compute that WebAssembly encodes a picture in a fraction of a second.

import { type EncoderConfig } from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";

const SEED = 7;

const CONFIG: EncoderConfig = {
  hiddenSize: 192,
  numHiddenLayers: 4,
  numAttentionHeads: 3,
  intermediateSize: 768,
  imageSize: 448,
  patchSize: 14,
  numChannels: 3,
  qkvBias: true,
  qkNormalization: false,
  normType: "layer_norm",
  layerNormEps: 1e-6,
  hiddenAct: "gelu",
  dropPathRate: 0,
  initializerFactor: 1,
  initializerRange: 0.02,
};

/** Makes the files of the checkpoint. */
export function makeRandomModel(): ReadonlyMap<string, Blob> {
  const { files } = synthesizeCheckpoint(CONFIG, { seed: SEED, dtype: "float32" });
  return new Map(files.map(({ name, chunks }) => [name, new Blob([...chunks])]));
}
