// Model and loss written into a graph, for a step and for an evaluation.

import {
  createGraphBuilder,
  type Dtype,
  type GraphBuilder,
  isModelError,
  type Value,
} from "@internvit/model-core";
import { formatShape, reshape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { countOf, sizesOf } from "../sizes.ts";
import { lookup } from "./lookup.ts";
import type { BatchInput, ModelCall, ModelResults } from "./model.ts";
import type { TensorFacts, TrainingSetup } from "./setup.ts";

/** Operands of one operator: a product with a bias, a norm. */
const MAX_NAMED = 3;

/** Values by name. */
export type Values = Readonly<Record<string, Value>>;

/** A forward pass in a graph. */
export interface WrittenModel {
  readonly graph: GraphBuilder;
  readonly inputs: Values;
  readonly parameters: Values;
  readonly buffers: Values;
  readonly constants: Values;
  readonly results: ModelResults;
}

/** Starts a graph, declares batch and weights, and writes the forward pass. */
export function writeModel(
  { model }: Pick<TrainingSetup, "model">,
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
  const known = { ...model.parameters, ...model.buffers, ...model.constants };
  for (const { name } of base?.inputs ?? []) {
    if (Object.hasOwn(options.inputs, name) || Object.hasOwn(known, name)) continue;
    throw new TrainError(
      "invalid-argument",
      `the base graph has an input ${name}, which is no input, parameter, buffer or constant of the model`,
      { subject: name },
    );
  }
  // What the base graph gives is a value among others here.
  const graph = createGraphBuilder(
    base && { ...base, outputs: [], values: [...base.values, ...base.outputs] },
  );
  const declare = (name: string, dtype: Dtype, shape: readonly number[]): Value => {
    const given = base?.inputs.find((input) => input.name === name);
    if (given === undefined) return graph.input(name, dtype, shape);
    if (given.dtype === dtype && formatShape(given.shape) === formatShape(shape)) return given;
    throw new TrainError(
      "mismatch",
      `${name}: the base graph takes ${given.dtype} ${formatShape(given.shape)}, the training gives ${dtype} ${formatShape(shape)}`,
      { subject: name },
    );
  };
  const inputs = mapValues(options.inputs, ({ dtype, shape }, name) => declare(name, dtype, shape));
  const declareAll = (tensors: TensorFacts): Values =>
    mapValues(tensors, ({ dtype, shape }, name) => declare(name, dtype, shape));
  const parameters = declareAll(model.parameters);
  const buffers = declareAll(model.buffers);
  const constants = declareAll(model.constants);
  const asked: Value[] = [];
  const noting = (find: (name: string) => Value) => (name: string) => {
    const value = find(name);
    asked.push(value);
    return value;
  };
  const call: ModelCall = {
    mode,
    input: noting(lookup("input of the model", own(inputs))),
    parameter: noting(lookup("parameter", parameters)),
    buffer: noting(lookup("buffer", buffers)),
    constant: noting(lookup("constant", constants)),
  };
  const results = named(asked, () => model.build(graph, call));
  return { graph, inputs, parameters, buffers, constants, results };
}

/** Says with shapes that do not fit which tensors were asked for last: operators know shapes, not whose they are. */
function named<T>(asked: readonly Value[], build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (!isModelError(cause) || cause.code !== "mismatch" || asked.length === 0) throw cause;
    const last = [...new Set(asked)].slice(-MAX_NAMED);
    const names = last.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(", ");
    throw new TrainError("mismatch", `${cause.message}; the model asked last for ${names}`, {
      cause,
    });
  }
}

/** Writes the losses, each [1], by name. */
export function writeLosses(
  { loss }: Pick<TrainingSetup, "loss">,
  { graph, inputs, constants, results }: WrittenModel,
): Values {
  const built = graph.scope("loss", () =>
    loss.build(graph, {
      input: lookup("input", inputs),
      output: lookup("output of the model", results.outputs),
      constant: lookup("constant", constants),
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
