// The file of a trained segmentation head, checked before anything runs: its facts, and every tensor of the form by name
// and shape.

import {
  type Checkpoint,
  type EncoderConfig,
  encoderConfigJson,
  memoryDirectory,
  parseEncoderConfig,
  readCheckpoint,
} from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";
import type { Tensors } from "@internvit/train";

import { EvalError } from "../../errors.ts";
import type { HeadState } from "../probe-head.ts";
import { decodeHeadFacts, type SegmentationHeadFacts } from "./head-facts.ts";
import { decodeSegmentationHead } from "./head-file.ts";
import { headTensors } from "./head-tensors.ts";

/** Tensors of an encoder that was trained with its head. */
const ENCODER = /^backbone\.(patch_embed|cls_token|pos_embed|blocks)\b/;
/** What only training needs. */
const AUXILIARY = "auxiliary_head.";
/** Names in a message. */
const MAX_NAMED = 5;

/** A head that is ready to be used. */
export interface SegmentationHeadFile {
  /** What messages call it. */
  readonly subject: string;
  readonly facts: SegmentationHeadFacts;
  /** The encoder that the head was trained on. */
  readonly config: EncoderConfig;
  /** The head's own tensors, without those of the auxiliary head. */
  readonly state: HeadState;
  /** The whole file, which is read again for the encoder where that was trained. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the bytes of `encodeSegmentationHead` with the metadata of `encodeHeadFacts`.
 *
 * @throws EvalError `invalid-data` for a file that is no head, or whose tensors are not those that its facts promise,
 * `unsupported` for one that a newer version wrote; ModelError `malformed` for bytes that are no safetensors
 */
export async function readSegmentationHead(
  bytes: Uint8Array<ArrayBuffer>,
  { subject }: { readonly subject: string },
): Promise<SegmentationHeadFile> {
  const { weights, metadata } = await decodeSegmentationHead(bytes, { subject });
  const facts = decodeHeadFacts(metadata, { subject });
  const { config } = parseEncoderConfig(facts.encoder.config, { subject });
  checkConfig(config, { facts, subject });
  return { subject, facts, config, state: stateOf(weights, { facts, subject }), bytes };
}

/**
 * The encoder in the file of a head that was trained with it, up to the last block that the head reads. Its bytes stay
 * those of the file.
 *
 * @throws EvalError `invalid-argument` for a head on a frozen encoder; ModelError for an encoder that is not complete
 */
export async function headCheckpoint({
  subject,
  facts,
  config,
  bytes,
}: SegmentationHeadFile): Promise<Checkpoint> {
  const { encoder, blocks } = facts;
  if (!encoder.trained) {
    throw new EvalError(
      "invalid-argument",
      `${subject}: a head on a frozen encoder, ${encoder.name}, which the file does not hold`,
      { subject },
    );
  }
  const read = { ...config, numHiddenLayers: Math.max(...blocks) + 1 };
  const json = JSON.stringify(encoderConfigJson(read, { dtype: "float32" }));
  return readCheckpoint(
    memoryDirectory(
      subject,
      new Map([
        ["config.json", new TextEncoder().encode(json)],
        ["model.safetensors", bytes],
      ]),
    ),
  );
}

function checkConfig(
  { hiddenSize, numHiddenLayers }: EncoderConfig,
  { facts, subject }: { readonly facts: SegmentationHeadFacts; readonly subject: string },
): void {
  const { form, blocks } = facts;
  const problem =
    hiddenSize !== form.width
      ? `expected an encoder of the head's width, ${form.width}, found ${hiddenSize}`
      : Math.max(...blocks) >= numHiddenLayers
        ? `expected blocks from 0 to ${numHiddenLayers - 1}, found ${blocks.join(", ")}`
        : undefined;
  if (problem === undefined) return;
  throw new EvalError("invalid-data", `${subject}: ${problem} in its metadata`, { subject });
}

function stateOf(
  weights: Tensors,
  { facts, subject }: { readonly facts: SegmentationHeadFacts; readonly subject: string },
): HeadState {
  const refuse = (problem: string): never => {
    throw new EvalError("invalid-data", `${subject}: ${problem}`, { subject });
  };
  const tensors = headTensors(facts.form);
  const known = new Set(tensors.map(({ name }) => name));
  const missing = tensors.filter(({ name }) => !Object.hasOwn(weights, name));
  if (missing.length > 0) refuse(`tensors are missing: ${names(missing.map(({ name }) => name))}`);
  const unexpected = Object.keys(weights).filter(
    (name) => !known.has(name) && !(facts.encoder.trained && ENCODER.test(name)),
  );
  if (unexpected.length > 0) refuse(`tensors that are not the head's: ${names(unexpected)}`);
  const [parameters, buffers]: [Record<string, Tensors[string]>, Record<string, Tensors[string]>] =
    [{}, {}];
  for (const { name, shape, role } of tensors) {
    const tensor = weights[name]!;
    const [expected, found] = [formatShape(shape), formatShape(tensor.shape)];
    if (tensor.dtype !== "float32" || expected !== found) {
      refuse(`${name}: expected float32 ${expected}, found ${tensor.dtype} ${found}`);
    }
    if (!name.startsWith(AUXILIARY)) (role === "parameter" ? parameters : buffers)[name] = tensor;
  }
  return { parameters, buffers };
}

function names(all: readonly string[]): string {
  const more = all.length - MAX_NAMED;
  return `${all.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
