// The first values of a segmentation head, drawn by seed. Each tensor has a sequence of its own.

import { createRandom, elementCount, type Tensor } from "@internvit/model-core";

import { drawNormal } from "../../draws/draw-normal.ts";
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
    else drawNormal(data, { random: createRandom(seed, [FIRST_VALUES, at]), ...first });
    (role === "parameter" ? parameters : buffers)[name] = { dtype: "float32", shape, data };
  }
  return { parameters, buffers };
}
