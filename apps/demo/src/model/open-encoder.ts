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
import { countedDirectory } from "./counted-directory.ts";

/** An encoder and what the page must know besides. */
export interface OpenedModel {
  readonly name: string;
  readonly encoder: WebVisionEncoder;
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

/** How far it is. */
export interface OpenProgress {
  readonly step: string;
  /** Bytes, where they are counted. */
  readonly done?: number;
  readonly total?: number;
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
  if (choice.source.kind !== "published") onProgress({ step: "Starting the encoder" });
  const encoder = await createVisionEncoder(found.checkpoint, {
    outputs: ["last_hidden_state", "pooler_output", "patch_mean"],
    inputSize: found.processor.cropSize,
    normalization: normalizationOf(found.processor),
    executionProvider: choice.executionProvider,
    dtype: choice.dtype,
    onDeviceLost,
    signal,
  });
  const { config, info } = encoder;
  const tileSize = found.chat?.imageSize ?? info.inputSize.height;
  return {
    name: nameOfSource(choice.source),
    encoder,
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
}

async function findModel(source: ModelSource, options: OpenOptions): Promise<FoundModel> {
  const { signal, onProgress } = options;
  switch (source.kind) {
    case "random":
      onProgress({ step: "Making random weights" });
      return await fromFiles("random weights", { files: await synthesizeModel(signal), signal });
    case "files":
      return await fromFiles("the files", { files: source.files, signal });
    case "published":
      return await fromHub(source.name, options);
  }
}

async function fromFiles(
  label: string,
  options: { readonly files: ReadonlyMap<string, Blob>; readonly signal: AbortSignal },
): Promise<FoundModel> {
  const { files, signal } = options;
  const checkpoint = await openCheckpoint(blobDirectory(label, files), { signal });
  const { config, preprocessorJson, chat } = checkpoint;
  const json = preprocessorJson ?? preprocessorConfigJson(config.imageSize);
  return { checkpoint, processor: parseImageProcessorConfig(json), chat };
}

/** The files of published models are read when the encoder is made; what they say beforehand is in the preset. */
async function fromHub(name: string, { signal, onProgress }: OpenOptions): Promise<FoundModel> {
  onProgress({ step: "Asking the hub" });
  // Few visits need it.
  const { hubDirectory, parseModelReference } = await import("@internvit/hub");
  const reference = parseModelReference(repositoryOf(name));
  if (reference === undefined) throw new TypeError(`${name} is no model of the hub`);
  const directory = await hubDirectory(reference, { signal, retries: 2 });
  const { config, chat } = getPreset(name);
  const total = downloadBytesOf(config);
  let done = 0;
  const counted = countedDirectory(directory, (count) => {
    done = Math.min(done + count, total);
    onProgress({ step: "Downloading weights", done, total });
  });
  const processor = parseImageProcessorConfig(preprocessorConfigJson(config.imageSize));
  return { checkpoint: counted, processor, chat };
}
