// InternViT as an ONNX graph, written from a config and the places of the weights. Reference: modeling_intern_vit.py
// of OpenGVLab/InternVL (recipes 1.2). There is no norm before the first block and none after the last.

import type { EncoderWeights } from "../checkpoint/encoder-tensors.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import { ModelError } from "../errors.ts";
import { createGraphBuilder, type GraphBuilder, type Value } from "../onnx/builder.ts";
import type { GraphModel } from "../onnx/graph.ts";
import { concat, select, slice } from "../onnx/ops/layout.ts";
import { reduceMean } from "../onnx/ops/reduction.ts";
import { block, type BlockContext, type Residual, settle } from "./block.ts";
import { embeddings, normalizePixels, type PixelNormalization } from "./embeddings.ts";
import type { Fusion } from "./fusion.ts";
import { type EncoderOutput, hiddenStateOf } from "./outputs.ts";

/** What goes into the encoder: uint8 `pixels` [n, height, width, 3], or float32 `pixel_values` [n, 3, height, width]. */
export type EncoderInput = "pixels" | "pixel_values";

/** Height and width in pixels. */
export interface InputSize {
  readonly height: number;
  readonly width: number;
}

/** Options of `buildEncoderGraph`. */
export interface EncoderGraphOptions {
  /** Size of the pictures; both sides a multiple of the patch. Default: the config's `imageSize`, square. */
  readonly inputSize?: InputSize;
  /**
   * Which inputs the graph has. With both, every run feeds both, the one that is not meant with a batch of 0; their
   * batches are encoded one after the other. Default: `["pixel_values"]`.
   */
  readonly inputs?: readonly EncoderInput[];
  /** How `pixels` are normalised; needed when `inputs` names them. */
  readonly normalization?: PixelNormalization;
  /** What the graph computes; blocks that no output needs are left out. Default: `["last_hidden_state"]`. */
  readonly outputs?: readonly EncoderOutput[];
  /** Fused forms; default: none, the plain graph. */
  readonly fusions?: readonly Fusion[];
}

/**
 * Writes the graph. Batch is symbolic, height and width are fixed.
 *
 * @throws ModelError `invalid-argument` for a size that is no multiple of the patch, an unknown output, or `pixels`
 * without a normalisation; `mismatch` when a weight has another shape than the config says.
 */
export function buildEncoderGraph(
  model: { readonly config: EncoderConfig; readonly weights: EncoderWeights },
  options: EncoderGraphOptions = {},
): GraphModel {
  const { config, weights } = model;
  const outputs = options.outputs ?? ["last_hidden_state"];
  const inputSize = options.inputSize ?? { height: config.imageSize, width: config.imageSize };
  checkInputSize(inputSize, config.patchSize);
  const depth = Math.max(...outputs.map((output) => hiddenStateOf(output, config)));
  const graph = createGraphBuilder();
  const pixelValues = graphInputs(graph, { ...inputSize, channels: config.numChannels }, options);

  const context: BlockContext = { graph, config, fusions: new Set(options.fusions) };
  const hiddenStates: Value[] = [];
  let residual: Residual = {
    sum: graph.scope("embeddings", () => embeddings(graph, pixelValues, model)),
    branch: undefined,
    bias: undefined,
  };
  for (const [index, layer] of weights.layers.slice(0, depth).entries()) {
    const step = graph.scope(`layers.${index}`, () => block(context, residual, layer));
    hiddenStates.push(step.input);
    residual = step.residual;
  }
  hiddenStates.push(graph.scope("final", () => settle(context, residual)));

  for (const output of outputs) {
    const hidden = hiddenStates[hiddenStateOf(output, config)] as Value;
    graph.output(
      output,
      graph.scope(output, () => pick(graph, output, hidden)),
    );
  }
  return graph.finish("InternViT");
}

function checkInputSize({ height, width }: InputSize, patchSize: number): void {
  for (const side of [height, width]) {
    if (!Number.isSafeInteger(side) || side < patchSize || side % patchSize !== 0) {
      throw new ModelError(
        "invalid-argument",
        `the input size must be a multiple of the patch, ${patchSize} pixels, got ${width}×${height} (width×height)`,
      );
    }
  }
}

function graphInputs(
  graph: GraphBuilder,
  size: InputSize & { readonly channels: number },
  options: EncoderGraphOptions,
): Value {
  const { height, width, channels } = size;
  const inputs = new Set(options.inputs ?? ["pixel_values"]);
  const both = inputs.size === 2;
  const values: Value[] = [];
  if (inputs.has("pixels")) {
    if (options.normalization === undefined) {
      throw new ModelError("invalid-argument", "the input pixels needs a normalization");
    }
    const batch = both ? "pixels_batch" : "batch";
    const pixels = graph.input("pixels", "uint8", [batch, height, width, 3]);
    const normalization = options.normalization;
    values.push(graph.scope("normalize", () => normalizePixels(graph, pixels, normalization)));
  }
  if (inputs.has("pixel_values")) {
    const batch = both ? "pixel_values_batch" : "batch";
    values.push(graph.input("pixel_values", "float32", [batch, channels, height, width]));
  }
  const [first] = values;
  if (first === undefined) {
    throw new ModelError(
      "invalid-argument",
      "a graph needs an input: pixels, pixel_values or both",
    );
  }
  return both ? concat(graph, values, { axis: 0, symbol: "batch" }) : first;
}

function pick(graph: GraphBuilder, output: EncoderOutput, hidden: Value): Value {
  if (output === "pooler_output") return select(graph, hidden, { axis: 1, index: 0 });
  if (output === "patch_mean") {
    const patches = slice(graph, hidden, { axis: 1, start: 1, end: Number(hidden.shape[1]) });
    return reduceMean(graph, patches, { axis: 1, keepAxis: false });
  }
  return hidden;
}
