// Four levels from four blocks of an encoder that keeps its grid: upsampled twice, upsampled, as it is, halved. Reference:
// OpenGVLab/InternVL, segmentation/mmseg_custom/models/backbones/intern_vit_6b.py. No norm is applied to the blocks'
// outputs before, nor to the levels after.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { gelu, layerNormalization, transpose } from "@internvit/model-core/onnx";
import { convTranspose, maxPool, type ModelCall } from "@internvit/train";

/** Of the norm between the two upsamplings. */
const EPSILON = 1e-6;

/** A level `[n, width, h, w]` for each tap. */
export type Levels = readonly [Value, Value, Value, Value];

/** Maps of one size `[n, width, h, w]`, from early to late blocks → levels of 4, 2, 1 and ½ times that size. */
export function pyramid(graph: GraphBuilder, taps: Levels, { parameter }: ModelCall): Levels {
  const doubled = (value: Value, name: string): Value =>
    convTranspose(graph, value, {
      weight: parameter(`backbone.${name}.weight`),
      bias: parameter(`backbone.${name}.bias`),
      strides: [2, 2],
    });
  // Over the channels of each pixel.
  const rows = transpose(graph, doubled(taps[0], "up1.0"), [0, 2, 3, 1]);
  const normed = layerNormalization(graph, rows, {
    weight: parameter("backbone.up1.1.weight"),
    bias: parameter("backbone.up1.1.bias"),
    epsilon: EPSILON,
  });
  const active = gelu(graph, transpose(graph, normed, [0, 3, 1, 2]));
  return [
    doubled(active, "up1.3"),
    doubled(taps[1], "up2.0"),
    taps[2],
    maxPool(graph, taps[3], { kernel: [2, 2] }),
  ];
}
