// A chosen segmentation head, and whether it is one for the encoder in use.

import type { EncoderConfig, EncoderInfo } from "@internvit/model-core";

import type { HeadDescription } from "../worker/segment-protocol.ts";

/** A head that was chosen. */
export interface ChosenHead extends HeadDescription {
  readonly file: File;
}

/** What decides whether a head fits a model. */
export interface ModelFacts {
  readonly name: string;
  readonly encoder: {
    readonly config: EncoderConfig;
    readonly info: Pick<EncoderInfo, "checkpointHash">;
  };
}

/** What must be equal for a head's weights to mean something. */
const DECISIVE = [
  "hiddenSize",
  "numHiddenLayers",
  "numAttentionHeads",
  "intermediateSize",
  "patchSize",
  "numChannels",
  "qkvBias",
  "qkNormalization",
  "normType",
  "hiddenAct",
] as const satisfies readonly (keyof EncoderConfig)[];

/** Why a head cannot be used on a model, with both names; undefined where it can. */
export function unfitWords(head: ChosenHead, used: ModelFacts): string | undefined {
  const { facts, config, file } = head;
  const { checkpointHash, trained, name: wanted } = facts.encoder;
  if (trained) return undefined;
  const own = used.encoder.config;
  const found = used.encoder.info.checkpointHash;
  const start = `${file.name} was trained on ${wanted}`;
  if (DECISIVE.some((field) => config[field] !== own[field])) {
    return `${start} (${sizeWords(config)}); the model in use is ${used.name} (${sizeWords(own)}). It means nothing there.`;
  }
  return checkpointHash !== null && found !== undefined && checkpointHash !== found
    ? `${start}; the model in use is ${used.name}, which has other weights. It means nothing there.`
    : undefined;
}

/** What nobody can know of a head on a model of the same form; undefined where it is known. */
export function doubtWords(
  { facts: { encoder } }: ChosenHead,
  { name, encoder: own }: ModelFacts,
): string | undefined {
  const isKnown = encoder.checkpointHash !== null && own.info.checkpointHash !== undefined;
  return encoder.trained || isKnown || encoder.name === name
    ? undefined
    : `${name} has the form of ${encoder.name}; whether it has the same weights cannot be seen from here.`;
}

function sizeWords({ hiddenSize, numHiddenLayers }: EncoderConfig): string {
  return `${hiddenSize} wide, ${numHiddenLayers} blocks`;
}
