// UperNet (arXiv:1807.10221) on a pyramid, and the auxiliary head beside it. Reference: MMSegmentation 0.30,
// mmseg/models/decode_heads/{uper_head,psp_head,fcn_head}.py with align_corners false.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, concat } from "@internvit/model-core/onnx";
import { adaptiveAveragePool } from "@internvit/train";

import type { HeadCall } from "./batch-norm.ts";
import { POOL_SIZES } from "./form.ts";
import { classify, convolution, dropChannels, like } from "./layers.ts";
import type { Levels } from "./pyramid.ts";

/** Levels `[n, width, …]` → logits `[n, classes, h, w]` of the first level's size. */
export function uperNet(graph: GraphBuilder, levels: Levels, call: HeadCall): Value {
  const [f1, f2, f3, f4] = levels;
  const module = (value: Value, name: string): Value =>
    convolution(graph, value, { call, name: `decode_head.${name}` });
  const pools = POOL_SIZES.map((size, at) => {
    const pooled = adaptiveAveragePool(graph, f4, { height: size, width: size });
    return like(graph, module(pooled, `psp_modules.${at}.1`), f4);
  });
  const laterals = [
    ...[f1, f2, f3].map((level, at) => module(level, `lateral_convs.${at}`)),
    module(concat(graph, [f4, ...pools], { axis: 1 }), "bottleneck"),
  ];
  for (let at = 2; at >= 0; at--) {
    laterals[at] = add(graph, laterals[at]!, like(graph, laterals[at + 1]!, laterals[at]!));
  }
  const maps = laterals.map((level, at) =>
    like(graph, at === 3 ? level : module(level, `fpn_convs.${at}`), f1),
  );
  const fused = module(concat(graph, maps, { axis: 1 }), "fpn_bottleneck");
  const part = { call, name: "decode_head" };
  return classify(graph, dropChannels(graph, fused, part), part);
}

/** One level `[n, width, h, w]` → logits `[n, classes, h, w]`. */
export function auxiliaryHead(graph: GraphBuilder, level: Value, call: HeadCall): Value {
  const part = { call, name: "auxiliary_head" };
  const map = convolution(graph, level, { call, name: "auxiliary_head.convs.0" });
  return classify(graph, dropChannels(graph, map, part), part);
}
