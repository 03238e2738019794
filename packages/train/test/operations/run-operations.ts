// Runs every golden operation, forwards and backwards, on a runtime: all of them in one graph.

import {
  createGraphBuilder,
  type GraphRuntime,
  type Tensor,
  type Value,
} from "@internvit/model-core";
import type { GoldenTensor } from "@internvit/test-kit/portable";

import { gradients } from "../../src/index.ts";
import { buildOperation, type OperationParameters } from "./operation-cases.ts";

/** The goldens' manifest, as far as it is needed. */
export interface OperationManifest {
  readonly tensors: Readonly<
    Record<
      string,
      {
        readonly role: "input" | "expected";
        readonly tolerance_abs?: number;
        readonly skip_flat_indices?: readonly number[];
      }
    >
  >;
  readonly operations: Readonly<Record<string, OperationParameters>>;
}

/** The golden operations. */
export interface OperationGoldens {
  readonly manifest: OperationManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/** What the runtime computes for every expected tensor, by its golden name (`linear.grad.bias`). */
export async function runOperations(
  runtime: GraphRuntime,
  { manifest, tensors }: OperationGoldens,
): Promise<Readonly<Record<string, Tensor>>> {
  const graph = createGraphBuilder();
  const feeds: Record<string, Tensor> = {};
  const input = (name: string): Value => {
    const tensor = tensorOf(tensors.get(name)!);
    feeds[name] = tensor;
    return graph.input(name, tensor.dtype, tensor.shape);
  };
  for (const [operation, parameters] of Object.entries(manifest.operations)) {
    const prefix = `${operation}.in.`;
    const names = [...tensors.keys()].filter((name) => name.startsWith(prefix));
    const inputs = Object.fromEntries(
      names.map((name) => [name.slice(prefix.length), input(name)]),
    );
    graph.scope(operation, () => {
      const results = buildOperation(operation, { graph, inputs, parameters });
      const wanted = Object.keys(inputs).filter((name) => tensors.has(`${operation}.grad.${name}`));
      const upstream = tensors.has(`${operation}.upstream`)
        ? [{ value: results.out, upstream: input(`${operation}.upstream`) }]
        : results.out;
      const computed = gradients(graph, upstream, {
        withRespectTo: wanted.map((name) => inputs[name]!),
      });
      for (const [name, value] of Object.entries(results))
        graph.output(`${operation}.${name}`, value);
      for (const [index, value] of computed.entries()) {
        graph.output(`${operation}.grad.${wanted[index]!}`, value);
      }
    });
  }
  await using session = await runtime.load(graph.finish("operations"));
  // Awaited here: the session ends with this function.
  return await session.run(feeds);
}

function tensorOf({ dtype, shape, data }: GoldenTensor): Tensor {
  if (dtype === "F32") return { dtype: "float32", shape, data: data as Float32Array };
  if (dtype === "U8") return { dtype: "uint8", shape, data: data as Uint8Array };
  return { dtype: "int64", shape, data: data as BigInt64Array };
}
