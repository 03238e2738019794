// What the command line of `internvit eval segmentation` changes in a protocol.

import {
  type InferenceSettings,
  NAMED_SEGMENTATION_PROTOCOLS,
  parseSegmentationProtocol,
  type SegmentationProtocol,
} from "@internvit/eval";

import { chooseProtocol, replaceFields } from "./eval-protocol.ts";

/** What takes the place of a protocol's own values; undefined: nothing. */
export interface SegmentationChanges {
  readonly iterations: number | undefined;
  readonly batch: number | undefined;
  readonly seed: number | undefined;
  readonly scoreEvery: number | undefined;
  /** What the encoder sees; everything that is measured in pixels changes with it. */
  readonly cropSize: number | undefined;
  /** Whether pictures are segmented as one window. */
  readonly whole: boolean;
  /** Whether they are segmented mirrored as well. */
  readonly flip: boolean;
  readonly scales: readonly number[] | undefined;
}

/**
 * The protocol that is run.
 *
 * @throws as `chooseProtocol`; CliError `usage` for a value that the protocol does not have
 */
export async function chooseSegmentationProtocol(
  name: string,
  { changes, signal }: { readonly changes: SegmentationChanges; readonly signal: AbortSignal },
): Promise<SegmentationProtocol> {
  const { iterations, batch, seed, scoreEvery, cropSize } = changes;
  return chooseProtocol(name, {
    kind: { named: NAMED_SEGMENTATION_PROTOCOLS, parse: parseSegmentationProtocol },
    signal,
    change(base) {
      const own = replaceFields(base, { iterations, batch, seed, scoreEvery });
      const sized = cropSize === undefined ? own : withCropSize(own, cropSize);
      return { ...sized, inference: changeInference(sized.inference, changes) };
    },
  });
}

/** The same setting at another size: windows, sides and limits keep their ratio to the crop. */
function withCropSize(protocol: SegmentationProtocol, cropSize: number): SegmentationProtocol {
  const scaled = (pixels: number): number =>
    Math.max(1, Math.round((pixels * cropSize) / protocol.cropSize));
  const { mode, shortSide } = protocol.inference;
  const inference: InferenceSettings = {
    ...protocol.inference,
    shortSide: scaled(shortSide),
    mode:
      mode.kind === "slide"
        ? { kind: "slide", window: scaled(mode.window), stride: scaled(mode.stride) }
        : mode,
  };
  if (protocol.kind === "features") return { ...protocol, cropSize, inference };
  const { long, short } = protocol.augmentation.limits;
  const limits = { long: scaled(long), short: scaled(short) };
  return {
    ...protocol,
    cropSize,
    inference,
    augmentation: { ...protocol.augmentation, limits },
  };
}

function changeInference(
  inference: InferenceSettings,
  { whole, flip, scales }: SegmentationChanges,
): InferenceSettings {
  return {
    ...inference,
    ...(whole && { mode: { kind: "whole" } }),
    ...(flip && { flip }),
    ...(scales !== undefined && { scales }),
  };
}
