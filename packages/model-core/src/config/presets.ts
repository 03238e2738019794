// Every published InternViT by the name of its repository on Hugging Face (OpenGVLab/<name>), with the values of its
// config.json. Where that file was not seen, `source` says where the values come from instead. A checkpoint's own
// config.json always wins over a preset.

import { listNames } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import type { EncoderConfig } from "./encoder-config.ts";

/** A published encoder. */
export interface Preset {
  readonly name: string;
  readonly config: EncoderConfig;
  /** Where the values come from. */
  readonly source: string;
}

const INTERN_VIT_300M: EncoderConfig = {
  hiddenSize: 1024,
  numHiddenLayers: 24,
  numAttentionHeads: 16,
  intermediateSize: 4096,
  imageSize: 448,
  patchSize: 14,
  numChannels: 3,
  qkvBias: true,
  qkNormalization: false,
  normType: "layer_norm",
  layerNormEps: 1e-6,
  hiddenAct: "gelu",
  dropPathRate: 0.1,
  initializerFactor: 1,
  initializerRange: 0.02,
};

const INTERN_VIT_6B: EncoderConfig = {
  hiddenSize: 3200,
  numHiddenLayers: 45,
  numAttentionHeads: 25,
  intermediateSize: 12_800,
  imageSize: 448,
  patchSize: 14,
  numChannels: 3,
  qkvBias: false,
  qkNormalization: true,
  normType: "rms_norm",
  layerNormEps: 1e-6,
  hiddenAct: "gelu",
  dropPathRate: 0,
  initializerFactor: 0.1,
  initializerRange: 1e-10,
};

const PRESETS: readonly Preset[] = [
  {
    name: "InternViT-300M-448px-V2_5",
    config: INTERN_VIT_300M,
    source:
      "arXiv 2412.05271 Table 1, and the config.json of InternViT-300M-448px, whose length is the same",
  },
  {
    name: "InternViT-300M-448px",
    config: INTERN_VIT_300M,
    source: "its config.json",
  },
  {
    name: "InternViT-6B-448px-V2_5",
    config: INTERN_VIT_6B,
    source: "arXiv 2412.05271 Table 1, and the config.json of InternViT-6B-448px-V1-5",
  },
  {
    name: "InternViT-6B-448px-V1-5",
    config: INTERN_VIT_6B,
    source: "its config.json",
  },
  {
    name: "InternViT-6B-448px-V1-2",
    config: INTERN_VIT_6B,
    source: "its config.json",
  },
  {
    name: "InternViT-6B-448px-V1-0",
    config: { ...INTERN_VIT_6B, numHiddenLayers: 48 },
    source:
      "arXiv 2412.05271 Table 1; the published probes of this model use its first 45 layers only",
  },
  {
    name: "InternViT-6B-224px",
    config: { ...INTERN_VIT_6B, numHiddenLayers: 48, imageSize: 224 },
    source: "its config.json",
  },
];

/** The names of all presets, newest and smallest first. */
export const presetNames: readonly string[] = PRESETS.map((preset) => preset.name);

/**
 * The preset of that name.
 *
 * @throws ModelError `invalid-argument` with the names that there are.
 */
export function getPreset(name: string): Preset {
  const preset = PRESETS.find((candidate) => candidate.name === name);
  if (preset === undefined) {
    throw new ModelError(
      "invalid-argument",
      `there is no preset called ${name}; the presets are ${listNames(presetNames)}`,
      { subject: name },
    );
  }
  return preset;
}
