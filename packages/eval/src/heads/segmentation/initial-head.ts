// The first values of a segmentation head, drawn by seed. Each tensor has a sequence of its own. Normal numbers by Box
// and Muller's pairs: engines may differ in the last bit of a logarithm.

import { createRandom, elementCount, type Random, type Tensor } from "@internvit/model-core";

import type { HeadState } from "../probe-head.ts";
import type { SegmentationForm } from "./form.ts";
import { headTensors } from "./head-tensors.ts";

/** The part of a seed's sequences that belongs to first values of these heads. */
const FIRST_VALUES = 0x7365676d;

/** Parameters and running statistics before the first update. */
export function initialSegmentationHead(
  form: SegmentationForm,
  { seed }: { readonly seed: number },
): HeadState {
  const parameters: Record<string, Tensor> = {};
  const buffers: Record<string, Tensor> = {};
  for (const [at, { name, shape, role, first }] of headTensors(form).entries()) {
    const data = new Float32Array(elementCount(shape));
    if ("value" in first) data.fill(first.value);
    else fillNormal(data, { random: createRandom(seed, [FIRST_VALUES, at]), ...first });
    (role === "parameter" ? parameters : buffers)[name] = { dtype: "float32", shape, data };
  }
  return { parameters, buffers };
}

function fillNormal(
  data: Float32Array,
  { random, deviation }: { readonly random: Random; readonly deviation: number },
): void {
  for (let at = 0; at < data.length; at += 2) {
    // 1 − uniform is never 0.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    data[at] = radius * Math.cos(angle);
    if (at + 1 < data.length) data[at + 1] = radius * Math.sin(angle);
  }
}
