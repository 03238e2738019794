// What is in a checkpoint folder, as plain data.

import {
  type Checkpoint,
  countParameters,
  elementCount,
  type EncoderConfig,
  getPreset,
  matchEncoderTensors,
  presetNames,
  resolveEncoderWeights,
  synthesizedNotice,
  type TensorMatch,
} from "@internvit/model-core";

/** Everything `internvit inspect` says. */
export interface CheckpointReport {
  readonly directory: string;
  /** False when the encoder cannot be built from it. */
  readonly usable: boolean;
  /** Why not. */
  readonly problem: string | null;
  readonly layout: Checkpoint["layout"];
  readonly architecture: EncoderConfig;
  /** Presets of the same architecture. */
  readonly presets: readonly string[];
  /** Weights of the encoder that the config describes. */
  readonly parameters: number;
  readonly namingScheme: TensorMatch["scheme"];
  /** What stands before every name of the encoder. */
  readonly prefix: string;
  /** Tensors in the files: all, and those of the encoder. */
  readonly tensors: { readonly total: number; readonly encoder: number };
  /** Elements and tensors of each element type, all parts of the model. */
  readonly dtypes: Readonly<
    Record<string, { readonly tensors: number; readonly elements: number }>
  >;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Size of the weight files. */
  readonly bytes: number;
  readonly missing: readonly string[];
  readonly wrongShape: TensorMatch["wrongShape"];
  readonly wrongDtype: TensorMatch["wrongDtype"];
  readonly unexpected: readonly string[];
  /** Those of `unexpected` that say that the config belongs to other weights. */
  readonly contradicting: readonly string[];
  /** Other parts of the model, such as the language model. */
  readonly ignored: TensorMatch["ignored"];
  /** Tensors in a shard that the index does not list. */
  readonly unlisted: readonly string[];
  readonly hasPreprocessorConfig: boolean;
  /** In plain words, when the weights are random. */
  readonly synthesized: string | null;
}

/** The report on an opened checkpoint. */
export function inspectCheckpoint(checkpoint: Checkpoint): CheckpointReport {
  const { config, tensors, files } = checkpoint;
  const match = matchEncoderTensors(checkpoint);
  const problem = problemOf(checkpoint);
  const { missing, wrongShape, wrongDtype, unexpected, contradicting, ignored } = match;
  const others = unexpected.length + ignored.reduce((sum, { count }) => sum + count, 0);
  const weightFiles = Array.from(files, ([name, { byteLength }]) => ({ name, bytes: byteLength }));
  return {
    directory: checkpoint.label,
    usable: problem === undefined,
    problem: problem ?? null,
    layout: checkpoint.layout,
    architecture: config,
    presets: presetNames.filter((name) => isPreset(name, checkpoint)),
    parameters: countParameters(config),
    namingScheme: match.scheme,
    prefix: match.prefix,
    tensors: { total: tensors.size, encoder: tensors.size - others },
    dtypes: countDtypes(checkpoint),
    files: weightFiles,
    bytes: weightFiles.reduce((sum, { bytes }) => sum + bytes, 0),
    missing,
    wrongShape,
    wrongDtype,
    unexpected,
    contradicting,
    ignored,
    unlisted: checkpoint.unlistedTensors,
    hasPreprocessorConfig: checkpoint.preprocessorJson !== undefined,
    synthesized:
      checkpoint.synthesized === undefined ? null : synthesizedNotice(checkpoint.synthesized),
  };
}

function problemOf(checkpoint: Checkpoint): string | undefined {
  try {
    resolveEncoderWeights(checkpoint);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function countDtypes({ tensors }: Checkpoint): CheckpointReport["dtypes"] {
  const counts: Record<string, { tensors: number; elements: number }> = {};
  for (const { dtype, dtypeCode, shape } of tensors.values()) {
    const count = (counts[dtype ?? dtypeCode] ??= { tensors: 0, elements: 0 });
    count.tensors++;
    count.elements += elementCount(shape);
  }
  return counts;
}

/** An encoder's preset is that of every checkpoint with such an encoder; a chat model's needs its width as well. */
function isPreset(name: string, { config, chat }: Checkpoint): boolean {
  const preset = getPreset(name);
  const sameWidth =
    preset.chat === undefined || preset.chat.projectorWidth === chat?.projectorWidth;
  return sameWidth && sameArchitecture(preset.config, config);
}

/** Everything that decides the encoder's output; not how it is trained. */
function sameArchitecture(a: EncoderConfig, b: EncoderConfig): boolean {
  const keys = [
    "hiddenSize",
    "numHiddenLayers",
    "numAttentionHeads",
    "intermediateSize",
    "imageSize",
    "patchSize",
    "numChannels",
    "qkvBias",
    "qkNormalization",
    "normType",
    "layerNormEps",
  ] as const;
  return keys.every((key) => a[key] === b[key]);
}
