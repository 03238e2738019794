// The visual outputs of an encoder from files on disk.

import { type EncoderOutput, isVisualOutput } from "@internvit/model-core";
import {
  resolveVisualParts,
  type VisualChoices,
  type VisualParts,
} from "@internvit/model-core/session";

import type { LocalCheckpoint } from "./open-checkpoint.ts";
import { atAbsolutePaths, type LocalProjector, openProjector } from "./open-projector.ts";

/** The options of `createVisionEncoder` that are about visual outputs. */
export interface VisualOptions extends VisualChoices {
  /**
   * For `visual_tokens`: a projector that is not in the checkpoint, as a `.safetensors` file, a checkpoint folder, or
   * opened. A config.json beside it says how it is used. Default: the checkpoint's own.
   */
  readonly projector?: string | LocalProjector;
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
  const { signal, projector, ...rest } = options;
  if (!options.outputs.some(isVisualOutput)) return undefined;
  const separate =
    typeof projector === "string"
      ? await openProjector(projector, signal === undefined ? {} : { signal })
      : projector;
  const parts = resolveVisualParts(checkpoint, { ...rest, separate });
  return separate === undefined || parts?.weights === undefined
    ? parts
    : { ...parts, weights: atAbsolutePaths(parts.weights, separate.folder) };
}
