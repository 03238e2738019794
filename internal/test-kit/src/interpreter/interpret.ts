// A graph computed in float64, operator by operator: the oracle for gradient rules (finite differences need more digits
// than float32 has) and for what a runtime makes of a graph. Float constants keep the float32 values they were written
// with.

import type { Float64Tensor } from "./array.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { LAYOUT } from "./layout.ts";
import { attributesOf, type InterpretedGraph, type Operator } from "./node.ts";
import { PRODUCT } from "./product.ts";
import { REDUCTION } from "./reduction.ts";
import { SPATIAL } from "./spatial.ts";

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...ELEMENTWISE,
  ...LAYOUT,
  ...PRODUCT,
  ...REDUCTION,
  ...SPATIAL,
};

/**
 * Every value of the graph by its name.
 *
 * @param feeds the graph's inputs
 * @throws Error that names the node whose operator is not known
 */
export function interpret(
  graph: InterpretedGraph,
  feeds: ReadonlyMap<string, Float64Tensor>,
): ReadonlyMap<string, Float64Tensor> {
  const values = new Map(feeds);
  for (const { name, tensor } of graph.initializers) {
    if (tensor === undefined) throw new Error(`the bytes of ${name} are not in the graph`);
    values.set(name, { shape: tensor.shape, data: Float64Array.from(tensor.data, Number) });
  }
  for (const node of graph.nodes) {
    const operator = OPERATORS[node.opType];
    if (operator === undefined) throw new Error(`no ${node.opType} (${node.name}) in float64`);
    const inputs = node.inputs.map((input) => {
      const value = values.get(input);
      if (value === undefined && input !== "") throw new Error(`${node.name}: no value ${input}`);
      return value as Float64Tensor;
    });
    const outputs = operator(inputs, attributesOf(node));
    for (const [index, output] of node.outputs.entries()) values.set(output, outputs[index]!);
  }
  return values;
}
