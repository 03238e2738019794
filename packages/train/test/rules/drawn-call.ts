// A seeded operator call: shapes, with many axes of size 1, and values are drawn from its number.

import type { GraphBuilder, NodeSpec, Tensor, Value } from "@internvit/model-core";
import { single } from "@internvit/model-core/onnx";
import { createRandom, type Random } from "@internvit/test-kit/portable";

/** Where the values of an input lie. */
export interface ValueRange {
  /** Default: −2 and 2. */
  readonly from?: number;
  readonly to?: number;
  /** No two closer than this, and none closer to 0: for operators with a kink. Default: 0. */
  readonly apart?: number;
}

/** One call while it is drawn. */
export interface DrawnCall {
  readonly graph: GraphBuilder;
  readonly random: Random;
  /** 1 to `largest` (default 4), 1 more often than the others. */
  size(largest?: number): number;
  /** Sizes of this many axes; default 1 to 4 axes. */
  shape(rank?: number): readonly number[];
  /** A shape that broadcasts to the given one. */
  broadcastTo(shape: readonly number[]): readonly number[];
  /** An input that is differentiated. */
  input(shape: readonly number[], range?: ValueRange): Value;
  /** An input that is not. */
  frozen(tensor: Tensor): Value;
  /** What all these inputs are fed. */
  readonly feeds: Record<string, Tensor>;
  /** The inputs that are differentiated. */
  readonly inputs: readonly Value[];
}

/** Draws a call of an operator, and gives its result. */
export type DrawCase = (call: DrawnCall) => Value;

/** A node of one output whose shape is that of its first input, or the one that is given. */
export function drawNode(
  { graph }: DrawnCall,
  spec: Omit<NodeSpec, "outputs">,
  shape: readonly number[] = spec.inputs[0]!.shape.map(Number),
): Value {
  return single(graph.addNode({ ...spec, outputs: [{ dtype: "float32", shape }] }));
}

/** Starts the call of a number; its inputs are named with `prefix`. */
export function drawCall(
  graph: GraphBuilder,
  { seed, prefix }: { readonly seed: number; readonly prefix: string },
): DrawnCall {
  const random = createRandom(seed);
  const feeds: Record<string, Tensor> = {};
  const inputs: Value[] = [];
  const frozen = (tensor: Tensor): Value => {
    const name = `${prefix}x${Object.keys(feeds).length}`;
    feeds[name] = tensor;
    return graph.input(name, tensor.dtype, tensor.shape);
  };
  const size = (largest = 4): number => (random.below(3) === 0 ? 1 : 1 + random.below(largest));
  return {
    graph,
    random,
    feeds,
    inputs,
    frozen,
    size,
    shape: (rank = 1 + random.below(4)) => Array.from({ length: rank }, () => size()),
    broadcastTo: (shape) =>
      shape.slice(random.below(shape.length + 1)).map((axis) => (random.below(3) === 0 ? 1 : axis)),
    input(shape, range = {}) {
      const count = shape.reduce((product, axis) => product * axis, 1);
      const data = drawValues(random, { count, ...range });
      const value = frozen({ dtype: "float32", shape, data });
      inputs.push(value);
      return value;
    },
  };
}

function drawValues(
  random: Random,
  { count, from = -2, to = 2, apart = 0 }: ValueRange & { readonly count: number },
): Float32Array<ArrayBuffer> {
  if (apart === 0) {
    return Float32Array.from({ length: count }, () => from + (to - from) * random.next());
  }
  const steps = Float32Array.from(
    { length: count },
    (_, index) => (index - count / 2 + (index >= count / 2 ? 1 : 0)) * apart,
  );
  for (let index = count - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [steps[index], steps[other]] = [steps[other]!, steps[index]!];
  }
  return steps;
}
