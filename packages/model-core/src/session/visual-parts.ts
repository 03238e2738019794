// What the outputs `unshuffled` and `visual_tokens` of an encoder need beyond it: settings from the chat level of a
// config.json, and the projector's weights.

import type { Checkpoint } from "../checkpoint/read-checkpoint.ts";
import { resolveProjectorWeights } from "../checkpoint/match-projector-tensors.ts";
import type { ProjectorWeights } from "../checkpoint/projector-tensors.ts";
import type { ProjectorFiles } from "../checkpoint/read-projector.ts";
import { DEFAULT_VISUAL_SETTINGS, type VisualSettings } from "../config/chat-config.ts";
import type { InputSize } from "../encoder/build-encoder-graph.ts";
import { type EncoderOutput, isVisualOutput } from "../encoder/outputs.ts";
import { type PixelShuffleVersion, unshuffledGrid } from "../pixel-unshuffle.ts";
import { type Synthesized, synthesizedNotice } from "../synthesize/synthesized.ts";
import type { VisualInfo } from "../vision-encoder.ts";

/** The settings of visual outputs that a caller may choose. */
export interface VisualChoices {
  /** Hidden state that visual outputs are made of. Default: what the chat config says, else −1. */
  readonly selectLayer?: number;
  /** Default: what the chat config says, else `v2`. */
  readonly pixelShuffleVersion?: PixelShuffleVersion;
}

/** Everything of an encoder's visual outputs. */
export interface VisualParts {
  readonly settings: VisualSettings;
  /** With `visual_tokens` only; places in the files of the checkpoint or of the separate projector. */
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
export function resolveVisualParts(
  checkpoint: Checkpoint,
  options: VisualChoices & {
    readonly outputs: readonly EncoderOutput[];
    /** A projector that is not in the checkpoint. */
    readonly separate?: ProjectorFiles | undefined;
  },
): VisualParts | undefined {
  const { outputs, separate } = options;
  if (!outputs.some(isVisualOutput)) return undefined;
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
  checkpoint: Checkpoint,
  options: {
    readonly separate: ProjectorFiles | undefined;
    readonly downsampleRatio: number;
  },
): ProjectorWeights {
  const { separate, downsampleRatio } = options;
  if (separate === undefined) return resolveProjectorWeights(checkpoint);
  const { config } = checkpoint;
  // Without a config of its own its width is its own affair: another language model's than the checkpoint's.
  const chat = separate.chat ?? { downsampleRatio };
  return resolveProjectorWeights({ ...separate, config, chat });
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

/** In plain words, when the weights of the checkpoint or of its projector are random numbers. */
export function synthesizedWords(
  { synthesized }: Checkpoint,
  visual: VisualParts | undefined,
): string | undefined {
  if (synthesized !== undefined) return synthesizedNotice(synthesized);
  const projector = visual?.synthesized;
  return projector === undefined ? undefined : `projector: ${synthesizedNotice(projector)}`;
}
