// What the segmentation heads are made of: MMSegmentation's ConvModule and the end of its decode heads, cls_seg.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { conv, dropout, relu, resizeBilinear } from "@internvit/train";

import { batchNorm, type HeadCall } from "./batch-norm.ts";
import { DROPOUT_RATE, keptChannels } from "./channel-dropout.ts";

/** Which head, and what writes it. */
export interface NamedPart {
  readonly call: HeadCall;
  readonly name: string;
}

/** Convolution without bias that keeps the size of the map, batch norm, ReLU. */
export function convolution(graph: GraphBuilder, value: Value, part: NamedPart): Value {
  const { call, name } = part;
  const weight = call.parameter(`${name}.conv.weight`);
  const pad = (Number(weight.shape[2]) - 1) / 2;
  const convolved = conv(graph, value, { weight, pads: [pad, pad, pad, pad] });
  return relu(graph, batchNorm(graph, convolved, { call, name: `${name}.bn` }));
}

/** 1×1 convolution to the logits `[n, classes, h, w]`. */
export function classify(graph: GraphBuilder, value: Value, { call, name }: NamedPart): Value {
  return conv(graph, value, {
    weight: call.parameter(`${name}.conv_seg.weight`),
    bias: call.parameter(`${name}.conv_seg.bias`),
  });
}

/** In training without the channels that the head's input of kept channels leaves out. */
export function dropChannels(graph: GraphBuilder, value: Value, { call, name }: NamedPart): Value {
  if (call.mode === "evaluation") return value;
  return dropout(graph, value, { kept: call.input(keptChannels(name)), rate: DROPOUT_RATE });
}

/** Resized to the height and width of another map. */
export function like(graph: GraphBuilder, value: Value, { shape }: Value): Value {
  const [height = 0, width = 0] = shape.slice(2).map(Number);
  return resizeBilinear(graph, value, { height, width });
}
