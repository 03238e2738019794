// The pyramid and the heads of the segmentation recipe: UperNet on four taps of an encoder, and an auxiliary head on one
// level. Names are those of the published checkpoints.

import type { GraphBuilder, Value } from "@internvit/model-core";
import {
  add,
  concat,
  gelu,
  layerNormalization,
  reshape,
  slice,
  transpose,
} from "@internvit/model-core/onnx";

import {
  adaptiveAveragePool,
  conv,
  convTranspose,
  dropout,
  maxPool,
  type ModelCall,
  type ModelResults,
  relu,
  resizeBilinear,
} from "../../src/index.ts";
import { batchNorm } from "./probe-models.ts";

const POOL_SIZES = [1, 2, 3, 6];
const DROPOUT = 0.1;

/** Four taps `[n, c, h, w]` to logits at four times their size; in training also those of the auxiliary head. */
export function upernet(
  graph: GraphBuilder,
  call: ModelCall,
  options: {
    readonly taps: readonly Value[];
    /** Which level the auxiliary head reads, from 0. */
    readonly auxiliaryLevel: number;
  },
): ModelResults {
  const buffers: Record<string, Value> = {};
  const { parameter } = call;
  const convolution = (value: Value, name: string): Value => {
    const weight = parameter(`${name}.conv.weight`);
    const pads = weight.shape[2] === 3 ? ([1, 1, 1, 1] as const) : ([0, 0, 0, 0] as const);
    const normed = batchNorm(graph, conv(graph, value, { weight, pads }), {
      call,
      name: `${name}.bn`,
      epsilon: 1e-5,
    });
    Object.assign(buffers, normed.buffers);
    return relu(graph, normed.value);
  };
  const classify = (value: Value, head: string): Value => {
    const kept = `${head}_kept_channels`;
    const dropped =
      call.mode === "evaluation"
        ? value
        : dropout(graph, value, { kept: call.input(kept), rate: DROPOUT });
    return conv(graph, dropped, {
      weight: parameter(`${head}_head.conv_seg.weight`),
      bias: parameter(`${head}_head.conv_seg.bias`),
    });
  };

  const levels = pyramid(graph, call, options.taps);
  const [f1, f2, f3, f4] = levels as [Value, Value, Value, Value];
  const head = "decode_head";
  const pools = POOL_SIZES.map((size, at) => {
    const pooled = adaptiveAveragePool(graph, f4, { height: size, width: size });
    return like(graph, convolution(pooled, `${head}.psp_modules.${at}.1`), f4);
  });
  const laterals = [f1, f2, f3].map((level, at) =>
    convolution(level, `${head}.lateral_convs.${at}`),
  );
  laterals.push(convolution(concat(graph, [f4, ...pools], { axis: 1 }), `${head}.bottleneck`));
  for (let at = 2; at >= 0; at--) {
    laterals[at] = add(graph, laterals[at]!, like(graph, laterals[at + 1]!, laterals[at]!));
  }
  const maps = laterals.map((level, at) =>
    like(graph, at === 3 ? level : convolution(level, `${head}.fpn_convs.${at}`), f1),
  );
  const fused = convolution(concat(graph, maps, { axis: 1 }), `${head}.fpn_bottleneck`);
  const logits = classify(fused, "decode");
  if (call.mode === "evaluation") return { outputs: { logits } };
  const auxiliary = classify(
    convolution(levels[options.auxiliaryLevel]!, "auxiliary_head.convs.0"),
    "auxiliary",
  );
  return { outputs: { logits, auxiliary, f1, f2, f4 }, buffers };
}

/** A tensor `[count, …]` as its parts `[…]`. */
export function unstack(graph: GraphBuilder, value: Value): readonly Value[] {
  return Array.from({ length: Number(value.shape[0]) }, (_, at) =>
    reshape(graph, slice(graph, value, { axis: 0, start: at, end: at + 1 }), value.shape.slice(1)),
  );
}

function pyramid(
  graph: GraphBuilder,
  { parameter }: ModelCall,
  taps: readonly Value[],
): readonly Value[] {
  const doubled = (value: Value, name: string): Value =>
    convTranspose(graph, value, {
      weight: parameter(`backbone.${name}.weight`),
      bias: parameter(`backbone.${name}.bias`),
      strides: [2, 2],
    });
  const rows = transpose(graph, doubled(taps[0]!, "up1.0"), [0, 2, 3, 1]);
  const normed = layerNormalization(graph, rows, {
    weight: parameter("backbone.up1.1.weight"),
    bias: parameter("backbone.up1.1.bias"),
    epsilon: 1e-6,
  });
  const active = gelu(graph, transpose(graph, normed, [0, 3, 1, 2]));
  return [
    doubled(active, "up1.3"),
    doubled(taps[1]!, "up2.0"),
    taps[2]!,
    maxPool(graph, taps[3]!, { kernel: [2, 2] }),
  ];
}

/** Resized to the height and width of another map. */
function like(graph: GraphBuilder, value: Value, { shape }: Value): Value {
  const [height = 0, width = 0] = shape.slice(2).map(Number);
  return resizeBilinear(graph, value, { height, width });
}
