// InternViT as an ONNX graph, written from a config and the places of the weights. Reference: modeling_intern_vit.py
// of OpenGVLab/InternVL (recipes 1.2). There is no norm before the first block and none after the last.

import type { EncoderWeights } from "../checkpoint/encoder-tensors.ts";
import type { ProjectorWeights } from "../checkpoint/projector-tensors.ts";
import type { VisualSettings } from "../config/chat-config.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import { describeValue } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import { createGraphBuilder, type GraphBuilder, type Value } from "../onnx/builder.ts";
import type { Dimension, GraphModel } from "../onnx/graph.ts";
import { concat, select, slice } from "../onnx/ops/layout.ts";
import { reduceMean } from "../onnx/ops/reduction.ts";
import type { LinearMap } from "../quantize/linear-map.ts";
import { block, type BlockContext, type Residual, settle } from "./block.ts";
import { embeddings, normalizePixels, type PixelNormalization } from "./embeddings.ts";
import type { Fusion } from "./fusion.ts";
import { type EncoderOutput, hiddenStateOf, isVisualOutput } from "./outputs.ts";
import { patchMap, projectPatches, unshufflePatches } from "./projector.ts";

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
  /** Pictures in every run, where a consumer of the graph needs a fixed number. Default: any number. */
  readonly batch?: number;
  /** How `pixels` are normalised; needed when `inputs` names them. */
  readonly normalization?: PixelNormalization;
  /**
   * What the graph computes; blocks that no output needs are left out, and when `pooler_output` alone needs the last
   * one, so are its other tokens after their keys and values. Default: `["last_hidden_state"]`.
   */
  readonly outputs?: readonly EncoderOutput[];
  /** Fused forms; default: none, the plain graph. */
  readonly fusions?: readonly Fusion[];
  /**
   * Gives the graph the input `drop_path`, for training with stochastic depth: float32 [blocks, 2, n, 1, 1], for each
   * picture the factors of every block's attention and MLP, 0 where it is left out, else 1 / (1 − rate). Default: false.
   */
  readonly dropPath?: boolean;
  /** How `unshuffled` and `visual_tokens` are made; needed for them. A `ChatConfig` is one. */
  readonly visual?: VisualSettings;
}

/** What `buildEncoderGraph` writes a graph of. */
export interface EncoderModel {
  readonly config: EncoderConfig;
  /** As the checkpoint has them, or converted. */
  readonly weights: EncoderWeights<LinearMap>;
  /** Needed for the output `visual_tokens`. */
  readonly projector?: ProjectorWeights<LinearMap>;
}

/**
 * Writes the graph. Batch is symbolic unless `batch` fixes it, height and width are fixed.
 *
 * @throws ModelError `invalid-argument` for a size that is no multiple of the patch, an unknown output, a layer that
 * does not exist, patches that the downsample ratio does not divide, a batch below 1 or beside two inputs, and for
 * `pixels`, `unshuffled` or `visual_tokens` without what they need; `mismatch` when a weight has another shape than the
 * config says.
 */
export function buildEncoderGraph(
  model: EncoderModel,
  options: EncoderGraphOptions = {},
): GraphModel {
  const { config, weights } = model;
  const outputs = options.outputs ?? ["last_hidden_state"];
  const inputSize = options.inputSize ?? { height: config.imageSize, width: config.imageSize };
  checkInputSize(inputSize, config.patchSize);
  const hiddenStateIndex = (output: EncoderOutput): number =>
    hiddenStateOf(output, config, options.visual);
  const depth = Math.max(...outputs.map(hiddenStateIndex));
  // Of the deepest hidden state no output wants more than the class token.
  const classTokenOnly = outputs.every(
    (output) => output === "pooler_output" || hiddenStateIndex(output) < depth,
  );
  const graph = createGraphBuilder();
  const pixelValues = graphInputs(graph, { ...inputSize, channels: config.numChannels }, options);

  const context: BlockContext = { graph, config, fusions: new Set(options.fusions) };
  const dropPath = options.dropPath
    ? graph.input("drop_path", "float32", [depth, 2, options.batch ?? "batch", 1, 1])
    : undefined;
  const hiddenStates: Value[] = [];
  let residual: Residual = {
    sum: graph.scope("embeddings", () => embeddings(graph, pixelValues, model)),
    branch: undefined,
    bias: undefined,
  };
  for (const [index, layer] of weights.layers.slice(0, depth).entries()) {
    const step = graph.scope(`layers.${index}`, () =>
      block(context, residual, {
        weights: layer,
        classTokenOnly: classTokenOnly && index === depth - 1,
        dropPath: dropPath && select(graph, dropPath, { axis: 0, index }),
      }),
    );
    hiddenStates.push(step.input);
    residual = step.residual;
  }
  hiddenStates.push(graph.scope("final", () => settle(context, residual)));

  const patches = {
    rows: inputSize.height / config.patchSize,
    columns: inputSize.width / config.patchSize,
  };
  const cells = outputs.some(isVisualOutput)
    ? graph.scope("unshuffled", () => {
        const { pixelShuffleVersion: version, ...visual } = needVisual(options.visual);
        const hidden = hiddenStates[hiddenStateIndex("unshuffled")] as Value;
        return unshufflePatches(graph, patchMap(graph, hidden, patches), { ...visual, version });
      })
    : undefined;
  for (const output of outputs) {
    const from = isVisualOutput(output) ? cells : hiddenStates[hiddenStateIndex(output)];
    graph.output(
      output,
      graph.scope(output, () =>
        output === "visual_tokens"
          ? projectPatches(context, from as Value, needProjector(model.projector))
          : pick(graph, output, from as Value),
      ),
    );
  }
  return graph.finish("InternViT");
}

function needVisual(visual: VisualSettings | undefined): VisualSettings {
  const version = visual?.pixelShuffleVersion;
  if (visual !== undefined && (version === "v1" || version === "v2")) return visual;
  if (visual !== undefined) {
    throw new ModelError(
      "invalid-argument",
      `pixelShuffleVersion: expected v1 or v2, got ${describeValue(version)}`,
    );
  }
  throw new ModelError(
    "invalid-argument",
    "the outputs unshuffled and visual_tokens need visual: selectLayer, downsampleRatio and pixelShuffleVersion",
  );
}

function needProjector(
  projector: ProjectorWeights<LinearMap> | undefined,
): ProjectorWeights<LinearMap> {
  if (projector !== undefined) return projector;
  throw new ModelError("invalid-argument", "the output visual_tokens needs a projector");
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

function checkBatch(batch: number | undefined, inputs: number): void {
  if (batch === undefined) return;
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new ModelError("invalid-argument", `batch: expected a whole number ≥ 1, got ${batch}`);
  }
  // With two inputs the one that is not meant has a batch of 0, so neither can be fixed.
  if (inputs > 1) {
    throw new ModelError(
      "invalid-argument",
      `a fixed batch needs one input, pixels or pixel_values, got ${inputs}`,
    );
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
  checkBatch(options.batch, inputs.size);
  const axis = (name: string): Dimension => options.batch ?? (both ? name : "batch");
  const values: Value[] = [];
  if (inputs.has("pixels")) {
    if (options.normalization === undefined) {
      throw new ModelError("invalid-argument", "the input pixels needs a normalization");
    }
    const pixels = graph.input("pixels", "uint8", [axis("pixels_batch"), height, width, 3]);
    const normalization = options.normalization;
    values.push(graph.scope("normalize", () => normalizePixels(graph, pixels, normalization)));
  }
  if (inputs.has("pixel_values")) {
    const shape = [axis("pixel_values_batch"), channels, height, width];
    values.push(graph.input("pixel_values", "float32", shape));
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
