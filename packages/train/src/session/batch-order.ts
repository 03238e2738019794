// Which rows of a data set make the batch of an update: a pure function of seed and update, so that a resumed training
// sees the batches that it would have seen.

import { createRandom } from "@internvit/model-core";

import { TrainError } from "../errors.ts";

/**
 * The rows of each update: every epoch is a permutation of its own, and what is left of it after the last full batch is
 * not used.
 *
 * @throws TrainError `invalid-argument` for a batch larger than the data
 */
export function batchOrder(options: {
  readonly rows: number;
  readonly batch: number;
  readonly seed: number;
}): (step: number) => Int32Array {
  const { rows, batch, seed } = options;
  if (!(batch > 0 && batch <= rows)) {
    throw new TrainError("invalid-argument", `batch: expected 1 to ${rows} rows, got ${batch}`);
  }
  const perEpoch = Math.floor(rows / batch);
  let known = { epoch: -1, order: new Int32Array() };
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (known.epoch !== epoch) known = { epoch, order: permutation(rows, { seed, epoch }) };
    const start = (step % perEpoch) * batch;
    return known.order.slice(start, start + batch);
  };
}

function permutation(
  rows: number,
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): Int32Array<ArrayBuffer> {
  const random = createRandom(seed, [epoch]);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let last = rows - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
