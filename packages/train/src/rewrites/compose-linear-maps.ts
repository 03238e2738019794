// A transposed convolution and a 1×1 convolution behind it are one transposed convolution:
//   Σ_m W_km (Σ_c V_cm x_c + a_m) + b_k = Σ_c (Σ_m W_km V_cm) x_c + (b + W a)_k
// at each place of the kernel. UperNet reads its upsampled levels that way, of an encoder's width, with fewer channels; the
// wide maps, the largest of a training, are never there.

import type { GraphBuilder, GraphModel, GraphNode, Value } from "@internvit/model-core";
import { matMul, reshape, transpose } from "@internvit/model-core/onnx";

import { convTranspose, type ConvolutionOptions } from "../ops/convolution.ts";
import { gemm } from "../ops/gemm.ts";
import { intAttribute, intsAttribute } from "../rule.ts";
import { countOf, sizeOf, sizesOf } from "../sizes.ts";
import { channelMap } from "./channel-map.ts";
import { type GraphReader, graphReader } from "./graph-reader.ts";
import { replaceNode, type RewriteOptions } from "./rewrite.ts";

/** Multiplications that must be saved for each that is made. */
const MIN_GAIN = 2;

/** The two maps. */
interface Composable {
  /** The 1×1 convolution. */
  readonly node: GraphNode;
  readonly image: Value;
  /** [channels, between, kh, kw]. */
  readonly first: Value;
  readonly firstBias: Value | undefined;
  /** [outputs, between, 1, 1]. */
  readonly second: Value;
  readonly secondBias: Value | undefined;
  readonly windows: Required<Pick<ConvolutionOptions, "strides" | "pads">>;
}

/**
 * Makes one transposed convolution of one and the 1×1 convolution behind it, where that takes half of the multiplications
 * or less. Left as they are: maps in between that something else reads or gradients are asked for. A graph without such a
 * place is returned itself.
 */
export function composeLinearMaps(
  model: GraphModel,
  { withRespectTo = [] }: RewriteOptions = {},
): GraphModel {
  let result = model;
  for (;;) {
    const reader = graphReader(result.graph, withRespectTo);
    const found = result.graph.nodes
      .map((node) => composable(reader, node))
      .find((each) => each !== undefined);
    if (found === undefined) return result;
    const { node } = found;
    result = replaceNode(result, node, (graph) =>
      graph.scope(`${node.name}/composed`, () => composed(graph, found)),
    );
  }
}

function composable(reader: GraphReader, node: GraphNode): Composable | undefined {
  const map = node.opType === "Conv" ? channelMap(reader, node) : undefined;
  const before = map && reader.soleProducer(map.input);
  if (before?.opType !== "ConvTranspose" || !isPlain(before)) return undefined;
  const [image, first] = [reader.input(before, 0)!, reader.input(before, 1)!];
  const known = [image, first].every(({ shape }) =>
    shape.every((size) => typeof size === "number"),
  );
  if (!known || first.shape.length !== 4 || image.dtype !== map!.weight.dtype) return undefined;
  const found: Composable = {
    node,
    image,
    first,
    firstBias: reader.input(before, 2),
    second: map!.weight,
    secondBias: map!.bias,
    windows: {
      strides: intsAttribute(before, "strides", [1, 1]) as unknown as readonly [number, number],
      pads: intsAttribute(before, "pads", [0, 0, 0, 0]) as Composable["windows"]["pads"],
    },
  };
  return pays(found, map!.input) ? found : undefined;
}

function isPlain(node: GraphNode): boolean {
  return (
    node.attributes["auto_pad"] === undefined &&
    node.attributes["output_shape"] === undefined &&
    intAttribute(node, "group", 1) === 1 &&
    intsAttribute(node, "dilations", []).every((step) => step === 1) &&
    intsAttribute(node, "output_padding", []).every((amount) => amount === 0)
  );
}

/** Whether one map takes fewer multiplications than two. */
function pays({ image, first, second }: Composable, wide: Value): boolean {
  const [channels, between, ...kernel] = sizesOf(first) as [number, number, number, number];
  const outputs = sizeOf(second, 0);
  const places = (countOf(sizesOf(image)) / channels) * countOf(kernel);
  const two = places * channels * between + (countOf(sizesOf(wide)) / between) * between * outputs;
  const one = places * channels * outputs + channels * between * countOf(kernel) * outputs;
  return one * MIN_GAIN <= two;
}

function composed(graph: GraphBuilder, maps: Composable): Value {
  const { image, first, firstBias, second, secondBias, windows } = maps;
  const [channels, between, ...kernel] = sizesOf(first) as [number, number, number, number];
  const outputs = sizeOf(second, 0);
  const mixing = reshape(graph, second, [outputs, between]);
  const columns = reshape(graph, transpose(graph, first, [1, 0, 2, 3]), [
    between,
    channels * countOf(kernel),
  ]);
  const mixed = reshape(graph, matMul(graph, mixing, columns), [outputs, channels, ...kernel]);
  const bias =
    firstBias === undefined
      ? secondBias
      : gemm(graph, reshape(graph, firstBias, [1, between]), mixing, {
          transposeRight: true,
          ...(secondBias && { bias: reshape(graph, secondBias, [1, outputs]) }),
        });
  return convTranspose(graph, image, {
    weight: transpose(graph, mixed, [1, 0, 2, 3]),
    bias: bias && reshape(graph, bias, [outputs]),
    ...windows,
  });
}
