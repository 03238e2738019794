// A complete checkpoint of a few kilobytes in memory, to be taken apart by tests.

import { bytesSource } from "../../src/byte-source.ts";
import type { EncoderConfig } from "../../src/config/encoder-config.ts";
import { readSafetensorsHeader, readTensor } from "../../src/safetensors/read.ts";
import { encodeSafetensors } from "../../src/safetensors/write.ts";
import { synthesizeCheckpoint } from "../../src/synthesize/synthesize-checkpoint.ts";
import type { Tensor } from "../../src/tensor.ts";
import { joinBytes } from "../join-bytes.ts";

export const TINY: EncoderConfig = {
  hiddenSize: 8,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 12,
  imageSize: 28,
  patchSize: 14,
  numChannels: 3,
  qkvBias: true,
  qkNormalization: true,
  normType: "layer_norm",
  layerNormEps: 1e-6,
  hiddenAct: "gelu",
  dropPathRate: 0,
  initializerFactor: 0.1,
  initializerRange: 0.02,
};

export function jsonBytes(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

/** The files of a synthesized checkpoint by name. */
export function tinyFiles(config: EncoderConfig = TINY): Map<string, Uint8Array> {
  const { files } = synthesizeCheckpoint(config, { seed: 1, dtype: "float32" });
  return new Map(files.map(({ name, chunks }) => [name, joinBytes(chunks)]));
}

/** All tensors of a safetensors file. */
export async function readAll(file: Uint8Array): Promise<Map<string, Tensor>> {
  const source = bytesSource(file);
  const { tensors } = await readSafetensorsHeader(source, { subject: "all" });
  const all = new Map<string, Tensor>();
  for (const [name, entry] of tensors) all.set(name, await readTensor(source, entry));
  return all;
}

/** The same files with the tensors changed by `edit`. */
export async function editTensors(
  files: ReadonlyMap<string, Uint8Array>,
  edit: (tensors: Map<string, Tensor>) => Map<string, Tensor> | void,
): Promise<Map<string, Uint8Array>> {
  const tensors = await readAll(files.get("model.safetensors")!);
  const edited = edit(tensors) ?? tensors;
  return new Map(files).set("model.safetensors", joinBytes(encodeSafetensors(edited)));
}
