// Every published InternViT, and the vision parts of InternVL 2.5, by the name of their repository on Hugging Face
// (OpenGVLab/<name>), with the values of its config.json. Where that file was not seen, `source` says where the
// values come from instead. A checkpoint's own config.json always wins over a preset.

import { ModelError } from "../errors.ts";
import type { ChatConfig } from "./chat-config.ts";
import type { EncoderConfig } from "./encoder-config.ts";

/** A published encoder, or the encoder and projector of a published chat model. */
export interface Preset {
  readonly name: string;
  readonly config: EncoderConfig;
  /** The chat side with its `projectorWidth`, or undefined for an encoder alone. */
  readonly chat: (ChatConfig & { readonly projectorWidth: number }) | undefined;
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

/** Which encoder each size has, its language model, and that one's hidden size. */
const INTERNVL_2_5 = [
  ["1B", INTERN_VIT_300M, "Qwen2.5-0.5B-Instruct", 896],
  ["2B", INTERN_VIT_300M, "internlm2_5-1_8b-chat", 2048],
  ["4B", INTERN_VIT_300M, "Qwen2.5-3B-Instruct", 2048],
  ["8B", INTERN_VIT_300M, "internlm2_5-7b-chat", 4096],
  ["26B", INTERN_VIT_6B, "internlm2_5-20b-chat", 6144],
  ["38B", INTERN_VIT_6B, "Qwen2.5-32B-Instruct", 5120],
  ["78B", INTERN_VIT_6B, "Qwen2.5-72B-Instruct", 8192],
] as const;

const CHAT_PRESETS = INTERNVL_2_5.map(([size, config, languageModel, projectorWidth]): Preset => ({
  name: `InternVL2_5-${size}`,
  config,
  chat: {
    downsampleRatio: 0.5,
    pixelShuffleVersion: "v2",
    selectLayer: -1,
    imageSize: 448,
    projectorWidth,
    minTiles: 1,
    maxTiles: 12,
    useThumbnail: true,
    padToSquare: false,
    template: "internvl2_5",
  },
  source: `arXiv 2412.05271 (encoder and settings), and the hidden size of ${languageModel}`,
}));

const ENCODER_PRESETS: readonly Omit<Preset, "chat">[] = [
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

const PRESETS: readonly Preset[] = [
  ...ENCODER_PRESETS.map((preset) => ({ ...preset, chat: undefined })),
  ...CHAT_PRESETS,
];

/** The names of all presets: encoders, newest and smallest first, then chat models by size. */
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
      `there is no preset called ${name}; the presets are ${presetNames.join(", ")}`,
      { subject: name },
    );
  }
  return preset;
}
