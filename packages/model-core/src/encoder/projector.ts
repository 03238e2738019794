// From a hidden state to visual tokens in the graph (recipes 1.4): drop the class token, pixel unshuffle, and the
// projector `mlp1`: LayerNorm, linear, exact GELU, linear.

import type { ProjectorWeights } from "../checkpoint/projector-tensors.ts";
import type { GraphBuilder, Value } from "../onnx/builder.ts";
import { reshape, slice, transpose } from "../onnx/ops/layout.ts";
import { layerNormalization } from "../onnx/ops/reduction.ts";
import type { LinearMap } from "../quantize/linear-map.ts";
import {
  type FeatureGrid,
  type PixelUnshuffleOptions,
  unshuffledGrid,
} from "../pixel-unshuffle.ts";
import { linear, linearGelu, type LinearContext } from "./linear.ts";
import { affine } from "./parameters.ts";

/** torch.nn.LayerNorm's default, whatever the encoder's own norms use. */
const LAYER_NORM_EPS = 1e-5;

/** Hidden state [n, 1 + rows · columns, C], class token first → its patches as a map [n, rows, columns, C]. */
export function patchMap(
  graph: GraphBuilder,
  hidden: Value,
  { rows, columns }: FeatureGrid,
): Value {
  const [batch = "batch", tokens = 0, width = 0] = hidden.shape;
  const patches = slice(graph, hidden, { axis: 1, start: 1, end: Number(tokens) });
  return reshape(graph, patches, [batch, rows, columns, width]);
}

/**
 * Pixel unshuffle of a map [n, rows, columns, C] to [n, cells, r²C]: `pixelUnshuffle` with its two spatial axes as
 * one, row-major.
 *
 * @throws ModelError `invalid-argument` as `unshuffledGrid`.
 */
export function unshufflePatches(
  graph: GraphBuilder,
  map: Value,
  { downsampleRatio, version }: PixelUnshuffleOptions,
): Value {
  const [batch = "batch", height = 0, width = 0, channels = 0] = map.shape;
  const { rows, columns, factor } = unshuffledGrid(
    { rows: Number(height), columns: Number(width) },
    downsampleRatio,
  );
  const split = reshape(graph, map, [batch, rows, factor, columns, factor, channels]);
  const order = version === "v1" ? [0, 3, 1, 2, 4, 5] : [0, 1, 3, 2, 4, 5];
  const cells = transpose(graph, split, order);
  return reshape(graph, cells, [batch, rows * columns, Number(channels) * factor ** 2]);
}

/** The projector: [n, cells, r²C] → [n, cells, T]. */
export function projectPatches(
  context: LinearContext,
  cells: Value,
  weights: ProjectorWeights<LinearMap>,
): Value {
  const { graph } = context;
  const { weight, bias } = affine(graph, weights.norm);
  const normalized = layerNormalization(graph, cells, {
    weight,
    bias: bias as Value,
    epsilon: LAYER_NORM_EPS,
  });
  const activated = linearGelu(context, normalized, weights.linear1);
  return linear(context, activated, weights.linear2);
}
