// What a file with a trained segmentation head says of itself: everything that is needed to segment pictures with it.

import type { InferenceSettings } from "../../inference/inference-settings.ts";
import type { JsonFacts } from "../../results/json-value.ts";
import type { SegmentationForm } from "./form.ts";

/** The facts beside the tensors. */
export interface SegmentationHeadFacts {
  readonly form: SegmentationForm;
  /** Names of the classes in the order of the logits. */
  readonly classes: readonly string[];
  /** Blocks of the encoder that the head reads, from 0. */
  readonly blocks: readonly number[];
  readonly inference: InferenceSettings;
  readonly protocol: { readonly name: string; readonly hash: string };
  /** The iteration after which it was kept. */
  readonly iteration: number;
  readonly encoder: {
    readonly name: string;
    /** SHA-256 of the checkpoint that the training began with; null where it is not known. */
    readonly checkpointHash: string | null;
    /** Whether the file holds the encoder's weights, which were trained with the head. */
    readonly trained: boolean;
    /** The architecture, as config.json has it; `image_size` is the crop's where the encoder was trained. */
    readonly config: JsonFacts;
  };
}

/** The key among a file's metadata. */
const KEY = "internvit";

/** The facts as the metadata of a safetensors file. */
export function encodeHeadFacts(facts: SegmentationHeadFacts): Readonly<Record<string, string>> {
  return { [KEY]: JSON.stringify(facts) };
}
