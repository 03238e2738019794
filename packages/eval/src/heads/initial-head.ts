// The first values of a head, drawn by seed. Each tensor has a sequence of its own, so that heads of other sizes share
// no numbers by accident.

import { createRandom, elementCount, type Random, type Tensor } from "@internvit/model-core";

import { drawNormal } from "../draws/draw-normal.ts";
import { featureWidth, type HeadForm, type HeadState } from "./probe-head.ts";

/** Deviation of the linear layer's weights. */
const DEVIATION = 0.01;
/** The part of a seed's sequences that belongs to first values. */
const FIRST_VALUES = 0x68656164;

type Fill = (data: Float32Array, random: Random) => void;

const NORMAL: Fill = (data, random) => drawNormal(data, { random, deviation: DEVIATION });
const ZERO: Fill = () => {};
const ONE: Fill = (data) => void data.fill(1);

/** PyTorch's default for linear layers: uniform within ±1/√inputs. */
function uniform(inputs: number): Fill {
  const bound = 1 / Math.sqrt(inputs);
  return (data, random) => {
    for (let at = 0; at < data.length; at++) data[at] = (2 * random.uniform() - 1) * bound;
  };
}

/** Weights and running statistics before the first update. */
export function initialHead(form: HeadForm, { seed }: { readonly seed: number }): HeadState {
  const { kind, width, classes } = form;
  const inputs = featureWidth(form);
  let drawn = 0;
  const tensor = (shape: readonly number[], fill: Fill): Tensor<"float32"> => {
    const data = new Float32Array(elementCount(shape));
    fill(data, createRandom(seed, [FIRST_VALUES, drawn++]));
    return { dtype: "float32", shape, data };
  };
  const pooling: Record<string, Tensor> = {};
  if (kind === "attention-pooling") {
    const fan = uniform(width);
    for (const part of ["q", "k", "v"]) {
      pooling[`attn_pooling.norm1_${part}.weight`] = tensor([width], ONE);
      pooling[`attn_pooling.norm1_${part}.bias`] = tensor([width], ZERO);
      pooling[`attn_pooling.cross_attn.${part}.weight`] = tensor([width, width], fan);
      pooling[`attn_pooling.cross_attn.${part}_bias`] = tensor([width], ZERO);
    }
    pooling["attn_pooling.cross_attn.proj.weight"] = tensor([width, width], fan);
    pooling["attn_pooling.cross_attn.proj.bias"] = tensor([width], fan);
  }
  return {
    parameters: {
      ...pooling,
      "norm.weight": tensor([inputs], ONE),
      "norm.bias": tensor([inputs], ZERO),
      "head.weight": tensor([classes, inputs], NORMAL),
      "head.bias": tensor([classes], ZERO),
    },
    buffers: {
      "norm.running_mean": tensor([inputs], ZERO),
      "norm.running_var": tensor([inputs], ONE),
    },
  };
}
