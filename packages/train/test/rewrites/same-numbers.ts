// A rewrite's proof: the same results and the same gradients, in float64, on drawn numbers.

import {
  createGraphBuilder,
  elementCount,
  type Graph,
  type GraphModel,
} from "@internvit/model-core";
import { createRandom, type Float64Tensor, interpret } from "@internvit/test-kit/portable";
import { expect } from "vitest";

import { gradients } from "../../src/index.ts";

/** Relative to the largest number of a result, or to 1. */
const TOLERANCE = 1e-12;

/** What of a graph is compared. */
export interface Compared {
  /** The output. */
  readonly of: string;
  /** The inputs whose gradients are compared. */
  readonly names: readonly string[];
}

/** The graph with the gradients of some inputs for an upstream gradient that is fed: `grad/<name>`. */
export function withGradients({ graph: forward }: GraphModel, { of, names }: Compared): GraphModel {
  const graph = createGraphBuilder(forward);
  const value = graph.value(of);
  const upstream = graph.input("upstream", "float32", value.shape);
  const computed = gradients(graph, [{ value, upstream }], {
    withRespectTo: names.map((name) => graph.value(name)),
  });
  for (const [at, gradient] of computed.entries()) graph.output(`grad/${names[at]}`, gradient);
  return graph.finish("gradients");
}

/** Numbers in [−1, 1) for every input of a graph. */
export function drawFeeds({ graph }: GraphModel, seed: number): ReadonlyMap<string, Float64Tensor> {
  const random = createRandom(seed + 1_000_000);
  return new Map(
    graph.inputs.map(({ name, shape }): [string, Float64Tensor] => {
      const sizes = shape.map(Number);
      const data = Float64Array.from({ length: elementCount(sizes) }, () => random.next() * 2 - 1);
      return [name, { shape: sizes, data }];
    }),
  );
}

/** Expects the results and gradients of a graph from the rewritten one. */
export function expectSame(
  model: GraphModel,
  options: Compared & { readonly rewritten: GraphModel; readonly seed: number },
): void {
  const { rewritten, of, names, seed } = options;
  const plain = withGradients(model, options);
  const feeds = drawFeeds(plain, seed);
  const expected = interpret(plain.graph, feeds);
  const computed = interpret(withGradients(rewritten, options).graph, feeds);
  for (const name of [of, ...names.map((each) => `grad/${each}`)]) {
    const { shape, data } = expected.get(name)!;
    expect(computed.get(name)!.shape, name).toEqual(shape);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    for (const [at, value] of data.entries()) {
      const gap = Math.abs(computed.get(name)!.data[at]! - value);
      expect(gap, `${name} at ${at}`).toBeLessThanOrEqual(TOLERANCE * largest);
    }
  }
}

/** The multiplications of each product of matrices and of each convolution. */
export function products({
  nodes,
  values,
  inputs,
  outputs,
  initializers,
}: Graph): readonly number[] {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of [...values, ...inputs, ...outputs]) {
    shapes.set(name, shape.map(Number));
  }
  for (const each of initializers) {
    shapes.set(each.name, each.kind === "inline" ? each.tensor.shape : each.shape);
  }
  return nodes
    .filter(({ opType }) => ["MatMul", "Gemm", "FusedMatMul", "Conv"].includes(opType))
    .map((node) => {
      const results = elementCount(shapes.get(node.outputs[0]!)!);
      if (node.opType === "Conv") {
        return results * elementCount(shapes.get(node.inputs[1]!)!.slice(1));
      }
      const turned = node.attributes["transA"];
      const left = shapes.get(node.inputs[0]!)!;
      return results * left.at(turned?.kind === "int" && turned.value === 1 ? -2 : -1)!;
    });
}
