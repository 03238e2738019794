// A linear map of normalised values that are not trained needs no gradient of its input. With a the values as they are
// before the norm's weight and bias, s a factor and t a summand of each channel,
//   (s ∘ a + t) Wᵀ + b = a (W ∘ s)ᵀ + (b + W t).
// Written the first way, the gradients of s and t are sums over all rows of the gradient of the map's input, which is a
// product as large as the map itself. The second way they come from the gradient of W ∘ s, which W needs anyway.

import type { GraphBuilder, GraphModel, Value } from "@internvit/model-core";
import { mul, reshape } from "@internvit/model-core/onnx";

import { activeValues } from "../gradients.ts";
import { conv } from "../ops/convolution.ts";
import { gemm } from "../ops/gemm.ts";
import { countOf, sizeOf, sizesOf } from "../sizes.ts";
import { type ChannelMap, channelMap } from "./channel-map.ts";
import { type GraphReader, graphReader } from "./graph-reader.ts";
import { replaceNode, type RewriteOptions } from "./rewrite.ts";

/** Rows below which passes over the weight cost more than the product that is saved. */
const MIN_ROWS = 128;

/** A linear map with the factor and the summand of each channel of what it reads. */
interface FoldedMap extends ChannelMap {
  /** Not trained. */
  readonly values: Value;
  /** One for each channel, whatever axes of size 1 are around. */
  readonly factors: Value | undefined;
  readonly summands: Value | undefined;
}

/**
 * Moves factors and summands of channels, such as weight and bias of a norm, from frozen values into the linear map behind
 * them: a Gemm over at least 128 rows or a 1×1 convolution over as many places. Left as they are: values that are trained
 * or that something else reads, and maps whose weight is not trained. A graph without such a place is returned itself.
 */
export function foldFrozenNorms(
  model: GraphModel,
  { withRespectTo = [] }: RewriteOptions = {},
): GraphModel {
  let result = model;
  for (;;) {
    const found = firstMap(result, withRespectTo);
    if (found === undefined) return result;
    const { node } = found;
    result = replaceNode(result, node, (graph) =>
      graph.scope(`${node.name}/folded`, () => folded(graph, found)),
    );
  }
}

function firstMap({ graph }: GraphModel, withRespectTo: readonly string[]): FoldedMap | undefined {
  const reader = graphReader(graph, withRespectTo);
  const trained = activeValues(reader, {
    nodes: graph.nodes,
    withRespectTo: withRespectTo.map((name) => reader.value(name)),
  });
  for (const node of graph.nodes) {
    const map = channelMap(reader, node);
    const found = map && trained.has(map.weight.name) && foldedMap(reader, map, trained);
    if (found) return found;
  }
  return undefined;
}

function foldedMap(
  reader: GraphReader,
  map: ChannelMap,
  trained: ReadonlySet<string>,
): FoldedMap | undefined {
  const channels = sizeOf(map.input, 1);
  if (countOf(sizesOf(map.input)) / channels < MIN_ROWS) return undefined;
  const sum = parted(reader, map.input, "Add");
  const product = parted(reader, sum?.values ?? map.input, "Mul");
  const values = product?.values ?? sum?.values;
  const [factors, summands] = [product?.vector, sum?.vector];
  const gains = [factors, summands].some((each) => each !== undefined && trained.has(each.name));
  if (values === undefined || trained.has(values.name) || !gains) return undefined;
  return { ...map, values, factors, summands };
}

/** A sum or product of values [n, channels, …] that nothing else needs, and a number for each channel. */
function parted(
  reader: GraphReader,
  value: Value,
  opType: "Add" | "Mul",
): { readonly values: Value; readonly vector: Value } | undefined {
  const node = reader.soleProducer(value);
  if (node?.opType !== opType) return undefined;
  const [left, right] = [reader.input(node, 0)!, reader.input(node, 1)!];
  if (isOfChannels(right, left)) return { values: left, vector: right };
  if (isOfChannels(left, right)) return { values: right, vector: left };
  return undefined;
}

/** Whether a value broadcasts to [n, channels, …] along the channels only, and has one number for each. */
function isOfChannels({ shape }: Value, { shape: full }: Value): boolean {
  const axis = shape.length - full.length + 1;
  return (
    axis >= 0 &&
    shape.every((size, at) => (at === axis ? size === full[1] : size === 1)) &&
    shape.length <= full.length
  );
}

function folded(graph: GraphBuilder, map: FoldedMap): Value {
  const { weight, transposed, values, factors } = map;
  const channels = sizeOf(values, 1);
  const along = transposed ? [1, channels] : [channels, 1];
  const sides = weight.shape.slice(2).map(() => 1);
  const gained =
    factors === undefined
      ? weight
      : mul(graph, weight, reshape(graph, factors, [...along, ...sides]));
  const bias = movedBias(graph, map);
  if (weight.shape.length === 4) return conv(graph, values, { weight: gained, bias });
  return gemm(graph, values, gained, { transposeRight: transposed, ...(bias && { bias }) });
}

/** b + W t, [outputs]. */
function movedBias(
  graph: GraphBuilder,
  { weight, transposed, bias, values, summands }: FoldedMap,
): Value | undefined {
  if (summands === undefined) return bias;
  const outputs = sizeOf(weight, transposed ? 0 : 1);
  const moved = gemm(
    graph,
    reshape(graph, summands, [1, sizeOf(values, 1)]),
    reshape(graph, weight, sizesOf(weight).slice(0, 2)),
    { transposeRight: transposed, ...(bias && { bias: reshape(graph, bias, [1, outputs]) }) },
  );
  return reshape(graph, moved, [outputs]);
}
