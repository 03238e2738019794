// What the outputs `unshuffled` and `visual_tokens` need beyond the encoder: settings from the chat level of a
// config.json, and the projector's weights.

import {
  DEFAULT_VISUAL_SETTINGS,
  type EncoderOutput,
  type InputSize,
  isVisualOutput,
  type PixelShuffleVersion,
  type ProjectorWeights,
  resolveProjectorWeights,
  type Synthesized,
  unshuffledGrid,
  type VisualInfo,
  type VisualSettings,
} from "@internvit/model-core";

import type { LocalCheckpoint } from "./open-checkpoint.ts";
import { atAbsolutePaths, type LocalProjector, openProjector } from "./open-projector.ts";

/** The options of `createVisionEncoder` that are about visual outputs. */
export interface VisualOptions {
  /**
   * For `visual_tokens`: a projector that is not in the checkpoint, as a `.safetensors` file, a checkpoint folder, or
   * opened. A config.json beside it says how it is used. Default: the checkpoint's own.
   */
  readonly projector?: string | LocalProjector;
  /** Hidden state that visual outputs are made of. Default: what the chat config says, else −1. */
  readonly selectLayer?: number;
  /** Default: what the chat config says, else `v2`. */
  readonly pixelShuffleVersion?: PixelShuffleVersion;
}

/** Everything of an encoder's visual outputs. */
export interface VisualParts {
  readonly settings: VisualSettings;
  readonly weights: ProjectorWeights | undefined;
  /** Side of a tile in pixels. */
  readonly imageSize: number;
  /** Where the projector comes from, with `visual_tokens` only. */
  readonly projector: string | undefined;
  /** Set when a projector from elsewhere has random weights. */
  readonly synthesized: Synthesized | undefined;
}

/**
 * What the visual ones of `outputs` need; undefined when none is visual.
 *
 * @throws ModelError `not-found` when visual tokens are wanted and there is no projector.
 */
export async function openVisualParts(
  checkpoint: LocalCheckpoint,
  options: VisualOptions & {
    readonly outputs: readonly EncoderOutput[];
    readonly signal?: AbortSignal;
  },
): Promise<VisualParts | undefined> {
  const { outputs, signal } = options;
  if (!outputs.some(isVisualOutput)) return undefined;
  const separate =
    typeof options.projector === "string"
      ? await openProjector(options.projector, signal === undefined ? {} : { signal })
      : options.projector;
  // A projector's own config comes first: it says which layer and which order of tokens it was trained for.
  const chat = separate?.chat ?? checkpoint.chat;
  const { config } = checkpoint;
  const settings: VisualSettings = {
    selectLayer: options.selectLayer ?? chat?.selectLayer ?? DEFAULT_VISUAL_SETTINGS.selectLayer,
    pixelShuffleVersion:
      options.pixelShuffleVersion ??
      chat?.pixelShuffleVersion ??
      DEFAULT_VISUAL_SETTINGS.pixelShuffleVersion,
    downsampleRatio: chat?.downsampleRatio ?? DEFAULT_VISUAL_SETTINGS.downsampleRatio,
  };
  const projected = outputs.includes("visual_tokens");
  return {
    settings,
    weights: projected
      ? projectorWeights(checkpoint, { separate, downsampleRatio: settings.downsampleRatio })
      : undefined,
    imageSize: chat?.imageSize ?? config.imageSize,
    projector: projected ? (separate?.label ?? checkpoint.label) : undefined,
    synthesized: projected ? separate?.synthesized : undefined,
  };
}

function projectorWeights(
  checkpoint: LocalCheckpoint,
  options: {
    readonly separate: LocalProjector | undefined;
    readonly downsampleRatio: number;
  },
): ProjectorWeights {
  const { separate, downsampleRatio } = options;
  if (separate === undefined) return resolveProjectorWeights(checkpoint);
  const { config } = checkpoint;
  // Without a config of its own its width is its own affair: another language model's than the checkpoint's.
  const chat = separate.chat ?? { downsampleRatio };
  const weights = resolveProjectorWeights({ ...separate, config, chat });
  return atAbsolutePaths(weights, separate.folder);
}

/**
 * The visual part of an encoder's info.
 *
 * @throws ModelError `invalid-argument` when the patches of the input cannot be merged.
 */
export function visualInfo(
  { settings, projector }: VisualParts,
  { inputSize, patchSize }: { readonly inputSize: InputSize; readonly patchSize: number },
): VisualInfo {
  const { rows, columns } = unshuffledGrid(
    { rows: inputSize.height / patchSize, columns: inputSize.width / patchSize },
    settings.downsampleRatio,
  );
  return { ...settings, tokensPerTile: rows * columns, projector };
}
