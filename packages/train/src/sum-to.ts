// Broadcasting undone: the sum of a gradient over the axes along which its input was repeated. Neighbouring axes are
// taken together, and each run of them is summed on its own, inner ones first, long ones in two stages: one float32 sum
// over a million elements is off by 1e-4, rows and then sums of rows by 1e-7.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { formatShape, matMul, reshape } from "@internvit/model-core/onnx";

import { TrainError } from "./errors.ts";
import { floats } from "./floats.ts";
import { reduceSum } from "./ops/reduction.ts";
import { sizesOf } from "./sizes.ts";

/** Neighbouring axes that are all kept or all summed. */
interface Run {
  readonly kept: boolean;
  readonly size: number;
}

/** Most elements that one float32 sum takes at once, where their number can be divided. */
const STAGE = 1024;
/** Longest row of ones; above, the sum is made in stages first. */
const MAX_ONES = 1 << 15;

/**
 * `value` summed to `shape`, which broadcasts to the shape of `value`; the value itself when they are equal.
 *
 * @throws TrainError `mismatch` for a shape that does not broadcast.
 */
export function sumTo(graph: GraphBuilder, value: Value, shape: readonly number[]): Value {
  const from = sizesOf(value);
  if (from.length === shape.length && from.every((size, axis) => size === shape[axis]))
    return value;
  let runs = runsOf(from, shape);
  let sum = value;
  while (runs.some(({ kept }) => !kept)) {
    const at = runs.findLastIndex(({ kept }) => !kept);
    const { size } = runs[at]!;
    const sizes = runs.map((run) => run.size);
    if (at === 0 && runs.length === 2 && size <= MAX_ONES) {
      // Twice as fast on the CPU as ReduceSum over the first axis.
      const ones = floats(graph, value, { shape: [1, size], data: new Float32Array(size).fill(1) });
      sum = matMul(graph, ones, reshape(graph, sum, sizes));
      runs = runs.slice(1);
      continue;
    }
    const stage = size > STAGE ? largestDivisor(size, STAGE) : size;
    const part = stage === 1 ? size : stage;
    sum = reduceSum(graph, reshape(graph, sum, sizes.toSpliced(at, 1, size / part, part)), {
      axes: [at + 1],
      keepAxes: false,
    });
    runs = merge(runs.with(at, { kept: part === size, size: size / part }));
  }
  return reshape(graph, sum, shape);
}

function runsOf(from: readonly number[], shape: readonly number[]): readonly Run[] {
  const missing = from.length - shape.length;
  const runs = from.map((size, axis): Run => {
    const target = axis < missing ? 1 : shape[axis - missing]!;
    if (missing < 0 || (target !== size && target !== 1)) {
      throw new TrainError(
        "mismatch",
        `a gradient of shape ${formatShape(from)} cannot be summed to ${formatShape(shape)}`,
      );
    }
    return { kept: target === size, size };
  });
  return merge(runs);
}

function merge(runs: readonly Run[]): readonly Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (run.size === 1) continue;
    if (last?.kept === run.kept) {
      merged[merged.length - 1] = { kept: run.kept, size: last.size * run.size };
    } else merged.push(run);
  }
  return merged;
}

function largestDivisor(size: number, limit: number): number {
  for (let divisor = limit; divisor > 1; divisor--) if (size % divisor === 0) return divisor;
  return 1;
}
