// A file with a trained segmentation head: what it says of itself, and whether it is one for the encoder in use.

import { decodeHeadFacts, type SegmentationHeadFacts } from "@internvit/eval";
import {
  type EncoderConfig,
  parseEncoderConfig,
  readSafetensorsHeader,
} from "@internvit/model-core";
import { blobSource } from "@internvit/runtime-web";

import type { OpenedModel } from "./open-encoder.ts";

/** A head that was chosen. */
export interface ChosenHead {
  readonly name: string;
  readonly file: Blob;
  readonly facts: SegmentationHeadFacts;
  /** The architecture that it was trained on. */
  readonly config: EncoderConfig;
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

/**
 * What a file says of itself. Its weights stay where they are.
 *
 * @throws ModelError for what is no safetensors file, EvalError for one without a head's facts
 */
export async function readHeadFile(file: File): Promise<ChosenHead> {
  const { name } = file;
  const { metadata } = await readSafetensorsHeader(blobSource(file), { subject: name });
  const facts = decodeHeadFacts(metadata, { subject: name });
  const { config } = parseEncoderConfig(facts.encoder.config, { subject: name });
  return { name, file, facts, config };
}

/** Why a head cannot be used on a model, with both names; undefined where it can. */
export function unfitWords(head: ChosenHead, used: OpenedModel): string | undefined {
  const { facts, config, name } = head;
  const { checkpointHash, trained, name: wanted } = facts.encoder;
  if (trained) return undefined;
  const own = used.encoder.config;
  const found = used.encoder.info.checkpointHash;
  const start = `${name} was trained on ${wanted}`;
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
  { name, encoder: own }: OpenedModel,
): string | undefined {
  const isKnown = encoder.checkpointHash !== null && own.info.checkpointHash !== undefined;
  return encoder.trained || isKnown || encoder.name === name
    ? undefined
    : `${name} has the form of ${encoder.name}; whether it has the same weights cannot be seen from here.`;
}

function sizeWords({ hiddenSize, numHiddenLayers }: EncoderConfig): string {
  return `${hiddenSize} wide, ${numHiddenLayers} blocks`;
}
