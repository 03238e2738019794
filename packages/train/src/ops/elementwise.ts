// Elementwise operators that model-core has no use for; shapes broadcast as in NumPy.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { broadcastShapes, mul, single } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";

function unary(graph: GraphBuilder, opType: string, value: Value): Value {
  const { dtype, shape } = value;
  return single(graph.addNode({ opType, inputs: [value], outputs: [{ dtype, shape }] }));
}

function binary(graph: GraphBuilder, opType: string, left: Value, right: Value): Value {
  const shape = broadcastShapes(opType, left.shape, right.shape);
  return single(
    graph.addNode({ opType, inputs: [left, right], outputs: [{ dtype: left.dtype, shape }] }),
  );
}

function compare(graph: GraphBuilder, opType: string, left: Value, right: Value): Value {
  const shape = broadcastShapes(opType, left.shape, right.shape);
  return single(
    graph.addNode({ opType, inputs: [left, right], outputs: [{ dtype: "bool", shape }] }),
  );
}

/** `−value`. */
export function neg(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Neg", value);
}

/** e to the power of the value. */
export function exp(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Exp", value);
}

/** Natural logarithm. */
export function log(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Log", value);
}

/** The error function. */
export function erf(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Erf", value);
}

/** `max(value, 0)`. */
export function relu(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Relu", value);
}

/** 1 / (1 + e^−value). */
export function sigmoid(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Sigmoid", value);
}

/** Hyperbolic tangent. */
export function tanh(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Tanh", value);
}

/** `base ^ exponent`. */
export function pow(graph: GraphBuilder, base: Value, exponent: Value): Value {
  return binary(graph, "Pow", base, exponent);
}

/** `value × factor` for a number. */
export function scale(graph: GraphBuilder, value: Value, factor: number): Value {
  return factor === 1 ? value : mul(graph, value, scalar(graph, value, factor));
}

/** bool: where both are equal. */
export function equal(graph: GraphBuilder, left: Value, right: Value): Value {
  return compare(graph, "Equal", left, right);
}

/** bool: where left is greater. */
export function greater(graph: GraphBuilder, left: Value, right: Value): Value {
  return compare(graph, "Greater", left, right);
}

/** `yes` where the bool `condition` holds, else `no`. */
export function where(
  graph: GraphBuilder,
  condition: Value,
  branches: { readonly yes: Value; readonly no: Value },
): Value {
  const { yes, no } = branches;
  const shape = broadcastShapes(
    "Where",
    condition.shape,
    broadcastShapes("Where", yes.shape, no.shape),
  );
  return single(
    graph.addNode({
      opType: "Where",
      inputs: [condition, yes, no],
      outputs: [{ dtype: yes.dtype, shape }],
    }),
  );
}
