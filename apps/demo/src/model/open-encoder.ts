// From a choice to an encoder: the one place that knows how checkpoints are found and opened.

import {
  type ChatConfig,
  type Checkpoint,
  type CheckpointDirectory,
  countParameters,
  DEFAULT_VISUAL_SETTINGS,
  getPreset,
  type InputSize,
  preprocessorConfigJson,
  tokensPerTile,
} from "@internvit/model-core";
import {
  type ImageProcessorConfig,
  normalizationOf,
  parseImageProcessorConfig,
} from "@internvit/preprocess";
import {
  blobDirectory,
  createVisionEncoder,
  openCheckpoint,
  type WebVisionEncoder,
} from "@internvit/runtime-web";

import { synthesizeModel } from "../tasks/page-tasks.ts";
import {
  downloadBytesOf,
  type ModelChoice,
  type ModelSource,
  nameOfSource,
  repositoryOf,
} from "./choices.ts";
import { type OpenProgress, toOpenProgress } from "./open-progress.ts";

/** An encoder and what the page must know besides. */
export interface OpenedModel {
  readonly name: string;
  readonly encoder: WebVisionEncoder;
  /** What it was opened from, and how, for whoever needs other outputs of it. */
  readonly checkpoint: Checkpoint | CheckpointDirectory;
  readonly choice: ModelChoice;
  /** How pictures are cropped for it. */
  readonly processor: ImageProcessorConfig;
  readonly inputSize: InputSize;
  /** Side of a tile in pixels, and the visual tokens that a tile becomes. */
  readonly tileSize: number;
  readonly tokensPerTile: number;
  readonly parameters: number;
  /** Milliseconds from the choice to an encoder that is ready. */
  readonly openMilliseconds: number;
}

/** Options of `openEncoder`. */
export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: OpenProgress) => void;
  readonly onDeviceLost: (reason: string) => void;
}

/**
 * Opens the chosen model.
 *
 * @throws HubError when the hub cannot be reached, ModelError and RuntimeError when the checkpoint cannot be used here,
 * the signal's reason when it aborts.
 */
export async function openEncoder(choice: ModelChoice, options: OpenOptions): Promise<OpenedModel> {
  const begin = performance.now();
  const { signal, onProgress, onDeviceLost } = options;
  const found = await findModel(choice.source, options);
  const translate = toOpenProgress(found.downloadBytes);
  const encoder = await createVisionEncoder(found.checkpoint, {
    outputs: ["last_hidden_state", "pooler_output", "patch_mean"],
    inputSize: found.processor.cropSize,
    normalization: normalizationOf(found.processor),
    executionProvider: choice.executionProvider,
    dtype: choice.dtype,
    onProgress: (progress) => onProgress(translate(progress)),
    onDeviceLost,
    signal,
  });
  const { config, info } = encoder;
  const tileSize = found.chat?.imageSize ?? info.inputSize.height;
  return {
    name: nameOfSource(choice.source),
    encoder,
    checkpoint: found.checkpoint,
    choice,
    processor: found.processor,
    inputSize: info.inputSize,
    tileSize,
    tokensPerTile: tokensPerTile(config, {
      imageSize: tileSize,
      downsampleRatio: (found.chat ?? DEFAULT_VISUAL_SETTINGS).downsampleRatio,
    }),
    parameters: countParameters(config),
    openMilliseconds: performance.now() - begin,
  };
}

interface FoundModel {
  readonly checkpoint: Checkpoint | CheckpointDirectory;
  readonly processor: ImageProcessorConfig;
  readonly chat: ChatConfig | undefined;
  /** Undefined where nothing is downloaded, or nobody knows how much. */
  readonly downloadBytes?: number;
}

async function findModel(source: ModelSource, options: OpenOptions): Promise<FoundModel> {
  const { signal, onProgress } = options;
  switch (source.kind) {
    case "random":
      onProgress({ step: "Making random weights" });
      return await fromDirectory(blobDirectory("random weights", await synthesizeModel(signal)), {
        signal,
      });
    case "files":
      return await fromDirectory(blobDirectory("the files", source.files), { signal });
    case "folder": {
      onProgress({ step: "Asking the server" });
      const { urlDirectory } = await import("@internvit/hub");
      return await fromDirectory(urlDirectory(source.url, { signal, retries: 2 }), { signal });
    }
    case "published":
      return await fromHub(source.name, options);
  }
}

async function fromDirectory(
  directory: CheckpointDirectory,
  { signal }: { readonly signal: AbortSignal },
): Promise<FoundModel> {
  const checkpoint = await openCheckpoint(directory, { signal });
  const { config, preprocessorJson, chat } = checkpoint;
  const json = preprocessorJson ?? preprocessorConfigJson(config.imageSize);
  return { checkpoint, processor: parseImageProcessorConfig(json), chat };
}

/**
 * The files of published models are read when the encoder is made, so that weights that are kept are found without the
 * hub; what the files say beforehand is in the preset.
 */
async function fromHub(name: string, { signal, onProgress }: OpenOptions): Promise<FoundModel> {
  onProgress({ step: "Asking the hub" });
  // Few visits need it.
  const { hubDirectory, parseModelReference } = await import("@internvit/hub");
  const reference = parseModelReference(repositoryOf(name));
  if (reference === undefined) throw new TypeError(`${name} is no model of the hub`);
  const { config, chat } = getPreset(name);
  return {
    checkpoint: hubDirectory(reference, { signal, retries: 2 }),
    processor: parseImageProcessorConfig(preprocessorConfigJson(config.imageSize)),
    chat,
    downloadBytes: downloadBytesOf(config),
  };
}
