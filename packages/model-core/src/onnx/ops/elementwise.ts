// Elementwise operators; shapes broadcast as in NumPy.

import { ModelError } from "../../errors.ts";
import type { Dtype } from "../../tensor.ts";
import { type GraphBuilder, single, type Value } from "../builder.ts";
import { onnxDataType } from "../encode-model.ts";
import { broadcastShapes } from "../shape.ts";

function sameDtype(operator: string, left: Value, right: Value): Dtype {
  if (left.dtype !== right.dtype) {
    throw new ModelError(
      "mismatch",
      `${operator} needs one element type, got ${left.dtype} (${left.name}) and ${right.dtype} (${right.name})`,
    );
  }
  return left.dtype;
}

function binary(graph: GraphBuilder, opType: string, left: Value, right: Value): Value {
  const dtype = sameDtype(opType, left, right);
  const shape = broadcastShapes(opType, left.shape, right.shape);
  return single(graph.addNode({ opType, inputs: [left, right], outputs: [{ dtype, shape }] }));
}

function unary(graph: GraphBuilder, opType: string, value: Value): Value {
  const { dtype, shape } = value;
  return single(graph.addNode({ opType, inputs: [value], outputs: [{ dtype, shape }] }));
}

/** `left + right`. */
export function add(graph: GraphBuilder, left: Value, right: Value): Value {
  return binary(graph, "Add", left, right);
}

/** `left − right`. */
export function sub(graph: GraphBuilder, left: Value, right: Value): Value {
  return binary(graph, "Sub", left, right);
}

/** `left × right`, element by element. */
export function mul(graph: GraphBuilder, left: Value, right: Value): Value {
  return binary(graph, "Mul", left, right);
}

/** `left ÷ right`. */
export function div(graph: GraphBuilder, left: Value, right: Value): Value {
  return binary(graph, "Div", left, right);
}

/** Square root. */
export function sqrt(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Sqrt", value);
}

/** GELU in its exact form, x · Φ(x) by erf: what PyTorch computes for `hidden_act: "gelu"`. */
export function gelu(graph: GraphBuilder, value: Value): Value {
  return unary(graph, "Gelu", value);
}

/** Another element type; the value itself when it has that type already. */
export function cast(graph: GraphBuilder, value: Value, dtype: Dtype): Value {
  if (value.dtype === dtype) return value;
  return single(
    graph.addNode({
      opType: "Cast",
      inputs: [value],
      attributes: { to: { kind: "int", value: onnxDataType(dtype) } },
      outputs: [{ dtype, shape: value.shape }],
    }),
  );
}
