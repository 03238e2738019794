// From pixels to the first hidden state: normalisation of uint8 pixels, patch convolution, class token, position
// embedding (recipes 1.2, steps 1 to 4).

import type { EncoderWeights, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import { DTYPE_BYTES } from "../tensor.ts";
import type { GraphBuilder, Value } from "../onnx/builder.ts";
import { add, cast, div, sub } from "../onnx/ops/elementwise.ts";
import { concat, expandBatch, reshape, transpose } from "../onnx/ops/layout.ts";
import { matMul, patchConvolution } from "../onnx/ops/linear-algebra.ts";
import { affine, parameter } from "./parameters.ts";
import { bicubicMatrix } from "./position-embedding.ts";

/** How 8-bit pixels become `pixelValues`: `(pixel · rescaleFactor − mean) / std`, channels in the order R, G, B. */
export interface PixelNormalization {
  /** Default 1/255. */
  readonly rescaleFactor?: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** uint8 [n, height, width, 3] → float32 [n, 3, height, width], in the float32 steps of the image processor. */
export function normalizePixels(
  graph: GraphBuilder,
  pixels: Value,
  normalization: PixelNormalization,
): Value {
  const channels = (values: readonly number[]): Value =>
    graph.constant({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) });
  // Divided by 255, not multiplied by 1/255: the quotient is what float64 arithmetic rounds to for every sample, as
  // in the image processor; the product of two float32 differs in the last bit for some.
  const divisor = channels([1 / (normalization.rescaleFactor ?? 1 / 255)]);
  const rescaled = div(graph, cast(graph, pixels, "float32"), divisor);
  const centered = sub(graph, rescaled, channels(normalization.mean));
  return transpose(graph, div(graph, centered, channels(normalization.std)), [0, 3, 1, 2]);
}

/** Rows `[start, end)` of the second axis of a `[1, rows, width]` tensor, still in place in its file. */
function rows(slice: WeightSlice, start: number, end: number): WeightSlice {
  const width = slice.shape[2] ?? 0;
  const rowBytes = width * DTYPE_BYTES[slice.dtype];
  return {
    ...slice,
    shape: [1, end - start, width],
    start: slice.start + start * rowBytes,
    byteLength: (end - start) * rowBytes,
  };
}

/** The position embedding of the patches, resized to `[1, height · width, hidden]` patches where they differ. */
function patchPositions(
  graph: GraphBuilder,
  slice: WeightSlice,
  grid: { readonly from: number; readonly height: number; readonly width: number },
): Value {
  const { from, height, width } = grid;
  const hidden = slice.shape[2] ?? 0;
  const positions = parameter(graph, rows(slice, 1, 1 + from * from));
  if (height === from && width === from) return positions;
  const matrix = (to: number): Value =>
    graph.constant({ dtype: "float32", shape: [to, from], data: bicubicMatrix(from, to) });
  const tall = matMul(graph, matrix(height), reshape(graph, positions, [from, from * hidden]));
  const resized = matMul(graph, matrix(width), reshape(graph, tall, [height, from, hidden]));
  return reshape(graph, resized, [1, height * width, hidden]);
}

/** `pixelValues` [n, 3, height, width] → `hidden_states.0` [n, 1 + patches, hidden]. */
export function embeddings(
  graph: GraphBuilder,
  pixelValues: Value,
  model: { readonly config: EncoderConfig; readonly weights: EncoderWeights<unknown> },
): Value {
  const { config, weights } = model;
  const { weight, bias } = affine(graph, weights.patchEmbedding);
  const convolved = patchConvolution(graph, pixelValues, { weight, bias: bias as Value });
  const [batch = "batch", hidden = 0, height = 0, width = 0] = convolved.shape;
  const count = Number(height) * Number(width);
  const patches = transpose(graph, reshape(graph, convolved, [batch, hidden, count]), [0, 2, 1]);
  const positions = patchPositions(graph, weights.positionEmbedding, {
    from: config.imageSize / config.patchSize,
    height: Number(height),
    width: Number(width),
  });
  const classToken = add(
    graph,
    parameter(graph, weights.classEmbedding),
    parameter(graph, rows(weights.positionEmbedding, 0, 1)),
  );
  return concat(
    graph,
    [expandBatch(graph, classToken, pixelValues), add(graph, patches, positions)],
    { axis: 1 },
  );
}
