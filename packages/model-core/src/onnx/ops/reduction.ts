// Operators that work along an axis: means, softmax and the norms.

import { type GraphBuilder, single, type Value } from "../builder.ts";
import { refuseShapes, resolveAxis } from "../shape.ts";
import { add, div, mul, sqrt } from "./elementwise.ts";

/** Mean along one axis. */
export function reduceMean(
  graph: GraphBuilder,
  value: Value,
  options: { readonly axis: number; readonly keepAxis: boolean },
): Value {
  const axis = resolveAxis("ReduceMean", value.shape, options.axis);
  const axes = graph.constant({
    dtype: "int64",
    shape: [1],
    data: BigInt64Array.of(BigInt(axis)),
  });
  const shape = options.keepAxis ? value.shape.with(axis, 1) : value.shape.toSpliced(axis, 1);
  return single(
    graph.addNode({
      opType: "ReduceMean",
      inputs: [value, axes],
      attributes: { keepdims: { kind: "int", value: Number(options.keepAxis) } },
      outputs: [{ dtype: value.dtype, shape }],
    }),
  );
}

/** Softmax along the last axis. */
export function softmax(graph: GraphBuilder, value: Value): Value {
  const { dtype, shape } = value;
  return single(
    graph.addNode({
      opType: "Softmax",
      inputs: [value],
      attributes: { axis: { kind: "int", value: -1 } },
      outputs: [{ dtype, shape }],
    }),
  );
}

function checkVector(operator: string, value: Value, vector: Value): void {
  if (vector.shape.length !== 1 || vector.shape[0] !== value.shape.at(-1)) {
    refuseShapes(operator, "a vector as long as the last axis", [value.shape, vector.shape]);
  }
}

/** LayerNorm over the last axis with biased variance, as PyTorch's. */
export function layerNormalization(
  graph: GraphBuilder,
  value: Value,
  parameters: { readonly weight: Value; readonly bias: Value; readonly epsilon: number },
): Value {
  checkVector("LayerNormalization", value, parameters.weight);
  checkVector("LayerNormalization", value, parameters.bias);
  const { dtype, shape } = value;
  return single(
    graph.addNode({
      opType: "LayerNormalization",
      inputs: [value, parameters.weight, parameters.bias],
      attributes: {
        axis: { kind: "int", value: -1 },
        epsilon: { kind: "float", value: parameters.epsilon },
      },
      outputs: [{ dtype, shape }],
    }),
  );
}

/**
 * RMSNorm over the last axis, weight · x / √(mean(x²) + ε), from plain operators: ONNX has one of its own only from
 * opset 23 on.
 */
export function rmsNormalization(
  graph: GraphBuilder,
  value: Value,
  parameters: { readonly weight: Value; readonly epsilon: number },
): Value {
  checkVector("RMSNormalization", value, parameters.weight);
  const epsilon = graph.constant({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(parameters.epsilon),
  });
  const meanSquare = reduceMean(graph, mul(graph, value, value), { axis: -1, keepAxis: true });
  const normalized = div(graph, value, sqrt(graph, add(graph, meanSquare, epsilon)));
  return mul(graph, normalized, parameters.weight);
}
