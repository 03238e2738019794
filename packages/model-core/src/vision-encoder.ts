// The contract of an encoder that is ready to run; runtime-node and runtime-web implement it.

import type { VisualSettings } from "./config/chat-config.ts";
import type { EncoderConfig } from "./config/encoder-config.ts";
import type { InputSize } from "./encoder/build-encoder-graph.ts";
import type { Fusion } from "./encoder/fusion.ts";
import type { EncoderOutput } from "./encoder/outputs.ts";
import { ModelError } from "./errors.ts";
import type { Tensor } from "./tensor.ts";

/** What the encoder computed, for n pictures; only the outputs that it was created with are there. */
export interface EncoderFeatures {
  /** [n, tokens, hidden]; class token first. */
  readonly lastHiddenState?: Tensor<"float32">;
  /** [n, hidden]; the class token of `lastHiddenState`. */
  readonly poolerOutput?: Tensor<"float32">;
  /** [n, hidden]; mean of the patch tokens. */
  readonly patchMean?: Tensor<"float32">;
  /** By index: 0 the embeddings, N the output of block N; each [n, tokens, hidden]. */
  readonly hiddenStates?: Readonly<Record<number, Tensor<"float32">>>;
  /** [n, tokensPerTile, r²·hidden]; the selected layer's patch tokens after pixel unshuffle, row-major. */
  readonly unshuffled?: Tensor<"float32">;
  /** [n, tokensPerTile, T]; `unshuffled` through the projector, T the width of the language model. */
  readonly visualTokens?: Tensor<"float32">;
}

/** How `unshuffled` and `visual_tokens` are made. */
export interface VisualInfo extends VisualSettings {
  /** Tokens that each picture becomes. */
  readonly tokensPerTile: number;
  /** Where the projector's weights come from, or undefined without `visual_tokens`. */
  readonly projector: string | undefined;
}

/** Which parts were converted, and which were not, in plain words. */
export interface ConversionInfo {
  /** The form of the linear maps, by layers. */
  readonly maps: readonly string[];
  /** What stays in float32. */
  readonly float32: readonly string[];
  /** Where the converted weights are. */
  readonly files: readonly string[];
}

/** What really runs. Every result file carries it. */
export interface EncoderInfo {
  readonly executionProvider: string;
  /** Name of the processor or adapter. */
  readonly device: string;
  /** Name and version of the adapter's driver, where they are known. */
  readonly driver?: string;
  /** How linear maps are stored and multiplied: an element type, or a quantised form of `EncoderDtype`. */
  readonly dtype: "float32" | "float16" | "q8" | "q8-dynamic" | "q4";
  /** Set unless `dtype` is `float32`. */
  readonly conversion?: ConversionInfo;
  /** Threads that one operator may use; 0: the runtime decided. */
  readonly threads: number;
  readonly fusions: readonly Fusion[];
  readonly inputSize: InputSize;
  readonly outputs: readonly EncoderOutput[];
  /** Set when `outputs` names `unshuffled` or `visual_tokens`. */
  readonly visual?: VisualInfo;
  /** Nodes of the loaded graph by the provider that really computes them; missing where all are on the CPU. */
  readonly placement?: Readonly<Record<string, number>>;
  /** Providers that were tried and not taken, and why; missing when one was named. */
  readonly passedOver?: readonly { readonly provider: string; readonly reason: string }[];
  /** What a user should know of how it runs; missing when there is nothing. */
  readonly notes?: readonly string[];
  /** Where the weights come from, as the caller named it. */
  readonly checkpoint: string;
  /**
   * SHA-256 of the weight file; of several, in the order of their names, the SHA-256 of their hashes, one a line.
   * Missing where that would mean to read more than 16 GiB.
   */
  readonly checkpointHash?: string;
  /** In plain words, when the weights are seeded random numbers; else undefined. */
  readonly synthesized: string | undefined;
  /** Milliseconds from the graph to a session that is ready. */
  readonly loadMilliseconds: number;
  /** Versions of the runtime and of this project. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Options of `VisionEncoder.encode`. */
export interface EncodeOptions {
  /** Stops between batches; the promise rejects with its reason at once. */
  readonly signal?: AbortSignal;
}

/** An encoder that is ready to run. Owns the session until `dispose`. */
export interface VisionEncoder {
  readonly config: EncoderConfig;
  readonly info: EncoderInfo;
  /**
   * Encodes n pictures: uint8 `pixels` [n, height, width, 3], normalised inside, or float32 `pixelValues`
   * [n, 3, height, width], normalised already. The input stays the caller's.
   */
  encode(
    pixels: Tensor<"uint8"> | Tensor<"float32">,
    options?: EncodeOptions,
  ): Promise<EncoderFeatures>;
  /** Frees the session; calling it again does nothing. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const FIELDS: ReadonlyMap<string, Exclude<keyof EncoderFeatures, "hiddenStates">> = new Map([
  ["last_hidden_state", "lastHiddenState"],
  ["pooler_output", "poolerOutput"],
  ["patch_mean", "patchMean"],
  ["unshuffled", "unshuffled"],
  ["visual_tokens", "visualTokens"],
]);

/**
 * One output by its name.
 *
 * @throws ModelError `invalid-argument` when the encoder was not created with it.
 */
export function featureOf(features: EncoderFeatures, output: EncoderOutput): Tensor<"float32"> {
  const field = FIELDS.get(output);
  const tensor =
    field === undefined
      ? features.hiddenStates?.[Number(output.slice("hidden_states.".length))]
      : features[field];
  if (tensor === undefined) {
    throw new ModelError("invalid-argument", `the encoder was created without ${output}`);
  }
  return tensor;
}

/** The features of outputs given by name; the inverse of `featureOf`. */
export function toFeatures(
  outputs: Readonly<Partial<Record<EncoderOutput, Tensor<"float32">>>>,
): EncoderFeatures {
  const features: { -readonly [Key in keyof EncoderFeatures]: EncoderFeatures[Key] } = {};
  const hiddenStates: Record<number, Tensor<"float32">> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor === undefined) continue;
    const field = FIELDS.get(name);
    const index = /^hidden_states\.(\d+)$/.exec(name)?.[1];
    if (field !== undefined) features[field] = tensor;
    else if (index !== undefined) hiddenStates[Number(index)] = tensor;
  }
  return Object.keys(hiddenStates).length === 0 ? features : { ...features, hiddenStates };
}
