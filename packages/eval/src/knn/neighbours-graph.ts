// The search of one block of rows in another, as a graph: rows are brought to length 1, multiplied, and the largest of
// each row are kept, so that the matrix of similarities never leaves the session.

import {
  createGraphBuilder,
  type GraphBuilder,
  type GraphModel,
  type Value,
} from "@internvit/model-core";
import { add, div, mul, sqrt } from "@internvit/model-core/onnx";
import { gemm, reduceSum } from "@internvit/train";

/** What the graph is made for. */
export interface NeighboursGraphOptions {
  readonly width: number;
  readonly neighbours: number;
}

/**
 * The graph from `queries` [queries, width] and `bank` [bank, width] to `similarities` [queries, neighbours] float32,
 * descending, and `rows` [queries, neighbours] int64, rows of the bank.
 */
export function neighboursGraph({ width, neighbours }: NeighboursGraphOptions): GraphModel {
  const graph = createGraphBuilder();
  const [queries, bank] = ["queries", "bank"].map((name) =>
    unitRows(graph, graph.input(name, "float32", [name, width])),
  );
  const products = gemm(graph, queries!, bank!, { transposeRight: true });
  const count = graph.constant({
    dtype: "int64",
    shape: [1],
    data: BigInt64Array.of(BigInt(neighbours)),
  });
  const [similarities, rows] = graph.addNode({
    opType: "TopK",
    inputs: [products, count],
    outputs: [
      { dtype: "float32", shape: ["queries", neighbours] },
      { dtype: "int64", shape: ["queries", neighbours] },
    ],
  });
  graph.output("similarities", similarities!);
  graph.output("rows", rows!);
  return graph.finish("neighbours");
}

/** Rows of length 1. PyTorch's `normalize` takes the larger of length and 1e-12; here too a row of zeros stays zeros. */
function unitRows(graph: GraphBuilder, rows: Value): Value {
  const least = graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(1e-24) });
  const squares = reduceSum(graph, mul(graph, rows, rows), { axes: [1] });
  return div(graph, rows, sqrt(graph, add(graph, squares, least)));
}
