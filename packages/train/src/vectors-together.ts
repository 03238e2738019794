// Small parameters taken together. Two thirds of an encoder's parameters are vectors: biases, norms, layer scales. An
// optimizer has some ten operators and a report three for each, which take longer to load and to start than to compute.
// Joined, a few vectors need them once; elementwise results are the same bits.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { concat } from "@internvit/model-core/onnx";

import { split } from "./ops/layout.ts";
import { sizeOf } from "./sizes.ts";

/** Longest vector that is joined to others; one float32 sum is exact enough for it. */
const LONGEST = 4096;
/** WebGPU promises a shader eight buffers: seven parts and the whole. */
const MOST = 7;
/**
 * How far the last may stand behind the first. A gradient that is joined to others is computed when the last of them can
 * be, and what it is computed from waits until then: over several blocks, the gradients of their hidden layers
 * (docs/decisions/0045-gradients-that-wait.md). A block of an encoder has 18 parameters, in the order of their use.
 */
const REACH = 12;

/**
 * Places in the list of what is taken together: vectors of one key that stand near each other, `MOST` at most; everything
 * else alone. In the order of the first of each.
 */
export function together(
  values: readonly Value[],
  keyOf: (value: Value, at: number) => string,
): readonly (readonly number[])[] {
  const groups: number[][] = [];
  const open = new Map<string, number[]>();
  for (const [at, value] of values.entries()) {
    const key = keyOf(value, at);
    const isShort = value.shape.length === 1 && sizeOf(value, 0) <= LONGEST;
    const known = isShort ? open.get(key) : undefined;
    if (known !== undefined && known.length < MOST && at - known[0]! < REACH) known.push(at);
    else {
      const group = [at];
      groups.push(group);
      if (isShort) open.set(key, group);
    }
  }
  return groups;
}

/** Vectors one after the other; a single value of any shape as it is. */
export function joined(graph: GraphBuilder, values: readonly Value[]): Value {
  return values.length === 1 ? values[0]! : concat(graph, values, { axis: 0 });
}

/** The parts of what `joined` made of values in the shapes of `like`. */
export function parted(
  graph: GraphBuilder,
  value: Value,
  like: readonly Value[],
): readonly Value[] {
  if (like.length === 1) return [value];
  return split(graph, value, { axis: 0, sizes: like.map((each) => sizeOf(each, 0)) });
}
