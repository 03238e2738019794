// Model and loss written into a graph, for a step and for an evaluation.

import {
  createGraphBuilder,
  type Dtype,
  type GraphBuilder,
  type Value,
} from "@internvit/model-core";
import { formatShape, reshape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { countOf, sizesOf } from "../sizes.ts";
import { lookup } from "./lookup.ts";
import type { BatchInput, ModelCall, ModelResults, Tensors } from "./model.ts";
import type { TrainingSetup } from "./setup.ts";

/** Values by name. */
export type Values = Readonly<Record<string, Value>>;

/** A forward pass in a graph. */
export interface WrittenModel {
  readonly graph: GraphBuilder;
  readonly inputs: Values;
  readonly parameters: Values;
  readonly buffers: Values;
  readonly results: ModelResults;
}

/** Starts a graph, declares batch and weights, and writes the forward pass. */
export function writeModel(
  { model }: TrainingSetup,
  options: {
    readonly mode: ModelCall["mode"];
    readonly inputs: Readonly<Record<string, BatchInput>>;
  },
): WrittenModel {
  const { mode } = options;
  const own = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(
      Object.entries(values).filter(([name]) => Object.hasOwn(model.inputs, name)),
    );
  const base = model.base?.({ mode, inputs: own(options.inputs) });
  const weights = { ...model.parameters, ...model.buffers };
  for (const { name } of base?.inputs ?? []) {
    if (Object.hasOwn(options.inputs, name) || Object.hasOwn(weights, name)) continue;
    throw new TrainError(
      "invalid-argument",
      `the base graph has an input ${name}, which is no input, parameter or buffer of the model`,
      { subject: name },
    );
  }
  // What the base graph gives is a value among others here.
  const graph = createGraphBuilder(
    base && { ...base, outputs: [], values: [...base.values, ...base.outputs] },
  );
  const declare = (name: string, dtype: Dtype, shape: readonly number[]): Value => {
    const known = base?.inputs.find((input) => input.name === name);
    if (known === undefined) return graph.input(name, dtype, shape);
    if (known.dtype === dtype && formatShape(known.shape) === formatShape(shape)) return known;
    throw new TrainError(
      "mismatch",
      `${name}: the base graph takes ${known.dtype} ${formatShape(known.shape)}, the training gives ${dtype} ${formatShape(shape)}`,
      { subject: name },
    );
  };
  const inputs = mapValues(options.inputs, ({ dtype, shape }, name) => declare(name, dtype, shape));
  const declareAll = (tensors: Tensors): Values =>
    mapValues(tensors, ({ shape }, name) => declare(name, "float32", shape));
  const parameters = declareAll(model.parameters);
  const buffers = declareAll(model.buffers ?? {});
  const results = model.build(graph, {
    mode,
    input: lookup("input of the model", own(inputs)),
    parameter: lookup("parameter", parameters),
    buffer: lookup("buffer", buffers),
  });
  return { graph, inputs, parameters, buffers, results };
}

/** Writes the losses, each [1], by name. */
export function writeLosses(
  { loss }: TrainingSetup,
  { graph, inputs, results }: WrittenModel,
): Values {
  const built = graph.scope("loss", () =>
    loss.build(graph, {
      input: lookup("input", inputs),
      output: lookup("output of the model", results.outputs),
    }),
  );
  const losses = isValue(built) ? { loss: built } : built;
  if (Object.keys(losses).length === 0) {
    throw new TrainError("invalid-argument", "the loss gives no value");
  }
  return mapValues(losses, (value, name) => {
    if (countOf(sizesOf(value)) === 1) return reshape(graph, value, [1]);
    throw new TrainError(
      "mismatch",
      `${name}: a loss has one element, got ${formatShape(value.shape)}`,
      { subject: name },
    );
  });
}

/** Whether a loss is a single value. */
export function isValue(value: Value | Values): value is Value {
  return typeof value["dtype"] === "string";
}

/** The same names with other values. */
export function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T, name: string) => U,
): Readonly<Record<string, U>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, change(value, name)]),
  );
}
