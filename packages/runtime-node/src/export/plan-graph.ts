// From what an export is asked for to the graph of it: outputs, size, batch and normalisation decided once.

import {
  buildEncoderGraph,
  type EncoderInput,
  type EncoderOutput,
  type GraphModel,
  type InputSize,
  type PixelNormalization,
  resolveEncoderWeights,
  type Synthesized,
  type VisualSettings,
} from "@internvit/model-core";
import {
  IMAGENET_NORMALIZATION,
  normalizationOf,
  parseImageProcessorConfig,
} from "@internvit/preprocess";

import { RuntimeError } from "../errors.ts";
import type { LocalCheckpoint } from "../open-checkpoint.ts";
import { openVisualParts, type VisualOptions } from "../visual-outputs.ts";

/** What the exported model takes and computes. */
export interface ExportGraphOptions extends VisualOptions {
  /** Adds the output `visual_tokens`, and with it the projector. Default: when `outputs` names it. */
  readonly withProjector?: boolean;
  /**
   * Size of the pictures in pixels; the graph takes no other. Default: the config's `imageSize`, square; with visual
   * outputs the side of a tile that the chat config says.
   */
  readonly inputSize?: InputSize;
  /** Pictures in every run. Default: `"dynamic"`, any number. */
  readonly batch?: number | "dynamic";
  /** Default: `last_hidden_state` and `pooler_output`. */
  readonly outputs?: readonly EncoderOutput[];
  /** Exactly one: float32 `pixel_values` [n, 3, height, width] (the default), or uint8 `pixels` [n, height, width, 3]. */
  readonly inputs?: readonly EncoderInput[];
  /** How `pixels` are normalised. Default: as preprocessor_config.json says, else the ImageNet constants. */
  readonly normalization?: PixelNormalization;
}

/** The graph, still over the checkpoint's own files. */
export interface ExportGraph {
  readonly graph: GraphModel;
  readonly outputs: readonly EncoderOutput[];
  readonly normalization: PixelNormalization;
  /** Set with visual outputs. */
  readonly visual: VisualSettings | undefined;
  /** Set when weights are random numbers. */
  readonly synthesized: Synthesized | undefined;
}

/**
 * The plain graph of an export.
 *
 * @throws ModelError or RuntimeError for a checkpoint or option that does not fit.
 */
export async function planGraph(
  checkpoint: LocalCheckpoint,
  options: ExportGraphOptions & { readonly signal?: AbortSignal },
): Promise<ExportGraph> {
  const { batch = "dynamic", inputs = ["pixel_values"] } = options;
  if (inputs.length !== 1) {
    throw new RuntimeError(
      "invalid-argument",
      `an exported model has one input, pixel_values or pixels, got ${inputs.join(", ") || "none"}`,
    );
  }
  const { config } = checkpoint;
  const outputs = outputsOf(options);
  const visual = await openVisualParts(checkpoint, { ...options, outputs });
  const side = visual?.imageSize ?? config.imageSize;
  const normalization = options.normalization ?? normalizationFor(checkpoint);
  const graph = buildEncoderGraph(
    {
      config,
      weights: resolveEncoderWeights(checkpoint),
      ...(visual?.weights === undefined ? {} : { projector: visual.weights }),
    },
    {
      inputSize: options.inputSize ?? { height: side, width: side },
      inputs,
      outputs,
      normalization,
      ...(batch === "dynamic" ? {} : { batch }),
      ...(visual === undefined ? {} : { visual: visual.settings }),
    },
  );
  const synthesized = checkpoint.synthesized ?? visual?.synthesized;
  return { graph, outputs, normalization, visual: visual?.settings, synthesized };
}

function outputsOf({ outputs, withProjector }: ExportGraphOptions): readonly EncoderOutput[] {
  const named = outputs ?? ["last_hidden_state", "pooler_output"];
  return withProjector === true && !named.includes("visual_tokens")
    ? [...named, "visual_tokens"]
    : named;
}

function normalizationFor({ preprocessorJson }: LocalCheckpoint): PixelNormalization {
  return preprocessorJson === undefined
    ? IMAGENET_NORMALIZATION
    : normalizationOf(parseImageProcessorConfig(preprocessorJson));
}
