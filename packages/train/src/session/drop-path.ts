// Drop path (stochastic depth, arXiv:1603.09382): which branches of an encoder are left out for which picture of an
// update. A pure function of seed and update, as the order of the data is, so that a resumed training leaves out the
// same ones. The rate rises from 0 in the first block to its full value in the last.

import { createRandom, type Tensor } from "@internvit/model-core";

import { requireRange } from "../optimizers/require-range.ts";

/** Tells the numbers drawn here from others of the same seed and update. */
const STREAM = 1;

/**
 * What the input `drop_path` of an encoder graph (`buildEncoderGraph` with `dropPath`) is fed in each update: float32
 * [blocks, 2, batch, 1, 1], 0 or 1 / (1 − rate of the block).
 *
 * @param options.rate of the last block, in [0, 1)
 * @throws TrainError `invalid-argument` for another rate
 */
export function dropPathFactors(options: {
  readonly rate: number;
  readonly blocks: number;
  readonly batch: number;
  readonly seed: number;
}): (step: number) => Tensor<"float32"> {
  const { rate, blocks, batch, seed } = options;
  requireRange("rate", rate);
  const shape = [blocks, 2, batch, 1, 1];
  return (step) => {
    const random = createRandom(seed, [step, STREAM]);
    const data = Float32Array.from({ length: blocks * 2 * batch }, (_, at) => {
      const block = Math.floor(at / (2 * batch));
      const own = blocks === 1 ? rate : (rate * block) / (blocks - 1);
      return random.uniform() < own ? 0 : 1 / (1 - own);
    });
    return { dtype: "float32", shape, data };
  };
}
