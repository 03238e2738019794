// A norm of frozen values and a linear map behind it, in the forms that the rewrite knows, and a few that it leaves.

import { createGraphBuilder, type GraphModel, type Value } from "@internvit/model-core";
import { add, matMul, mul, reshape, transpose } from "@internvit/model-core/onnx";

import { batchNormalization, conv, gemm, relu } from "../../src/index.ts";

/** What a head is like. */
export interface NormHead {
  /** Rows, or pictures of a map. */
  readonly samples: number;
  readonly channels: number;
  readonly outputs: number;
  /** Height and width of maps, with a 1×1 convolution; without: rows, with Gemm. */
  readonly sides?: readonly [number, number];
  /** Gemm's weight is [outputs, channels]. */
  readonly transposed: boolean;
  readonly bias: boolean;
  /** Batch norm, or factors or summands alone. */
  readonly norm: "batch norm" | "factors" | "summands";
  /** What makes it another graph. */
  readonly miss?:
    | "norm read"
    | "values read"
    | "stride"
    | "not linear"
    | "factor of a row"
    | "MatMul";
}

/** The graph: inputs `values` and parameters, output `result`. */
export function normHead(head: NormHead): {
  readonly model: GraphModel;
  readonly parameters: readonly string[];
} {
  const { samples, channels, outputs, sides = [], transposed, norm, miss } = head;
  const graph = createGraphBuilder();
  const parameters: string[] = [];
  const parameter = (name: string, shape: readonly number[]): Value => {
    parameters.push(name);
    return graph.input(name, "float32", shape);
  };
  const values = graph.input("values", "float32", [samples, channels, ...sides]);
  const along = (vector: Value): Value => reshape(graph, vector, [channels, ...sides.map(() => 1)]);
  const normalized = (): Value => {
    if (norm === "factors") return mul(graph, along(parameter("gain", [channels])), values);
    if (norm === "summands") return add(graph, values, along(parameter("shift", [channels])));
    const frozen = (name: string): Value => graph.input(name, "float32", [channels]);
    return batchNormalization(graph, values, {
      weight: parameter("gain", [channels]),
      bias: parameter("shift", [channels]),
      runningMean: frozen("mean"),
      runningVariance: frozen("variance"),
      epsilon: 1e-5,
      momentum: 0.1,
    }).normalized;
  };
  const own = normalized();
  const read =
    miss === "not linear"
      ? relu(graph, own)
      : miss === "factor of a row"
        ? mul(graph, own, parameter("row", [samples, 1]))
        : own;
  const bias = head.bias ? parameter("bias", [outputs]) : undefined;
  const result = (): Value => {
    if (sides.length > 0) {
      const weight = parameter("weight", [outputs, channels, 1, 1]);
      const strides = miss === "stride" ? ([2, 2] as const) : ([1, 1] as const);
      return conv(graph, read, { weight, bias, strides });
    }
    const weight = parameter("weight", transposed ? [outputs, channels] : [channels, outputs]);
    if (miss === "MatMul") {
      return matMul(graph, read, transposed ? transpose(graph, weight, [1, 0]) : weight);
    }
    return gemm(graph, read, weight, { transposeRight: transposed, ...(bias && { bias }) });
  };
  graph.output("result", result());
  if (miss === "norm read") graph.output("normalized", own);
  if (miss === "values read") graph.output("scaled", graph.value(graph.producer(own)!.inputs[0]!));
  return { model: graph.finish("head"), parameters };
}
