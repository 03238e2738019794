// What a training consists of, checked once, with all defaults in place.

import { DTYPE_BYTES, elementCount, type Tensor } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import type { Optimizer, ParameterGroup } from "../optimizers/optimizer.ts";
import { requireRange } from "../optimizers/require-range.ts";
import type { SpanFinder } from "../recompute/recomputation.ts";
import { collapseSingleQueryPooling } from "../rewrites/collapse-single-query-pooling.ts";
import type { GraphRewrite } from "../rewrites/rewrite.ts";
import type { LossScaleOptions } from "../schedules/loss-scale.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { checkOptions } from "./check-options.ts";
import type { BatchInput, Tensors, TrainingLoss, TrainingModel } from "./model.ts";
import { sumName } from "./names.ts";

/** What is trained, and how. */
export interface TrainingOptions {
  readonly model: TrainingModel;
  readonly loss: TrainingLoss;
  readonly optimizer: Optimizer;
  /** The learning rate of each update. */
  readonly schedule: Schedule;
  /** The group of each parameter. Default: the schedule's rate without weight decay. */
  readonly group?: (name: string, shape: readonly number[]) => ParameterGroup;
  /** Largest norm of all gradients together; larger ones are clipped. Default: no clipping. */
  readonly maxGradNorm?: number;
  /** Keeps a moving average of parameters and buffers with this decay, in [0, 1). Default: none. */
  readonly averageDecay?: number;
  /** Batches per update: their gradients are averaged. Default: 1. */
  readonly accumulate?: number;
  /** Scales the loss for gradients of float16 graphs. Default: not. */
  readonly lossScale?: LossScaleOptions;
  /**
   * Values that every step returns as well: outputs of the model by name, gradients (before clipping) as
   * `gradient/<parameter>`. Default: none.
   */
  readonly watch?: readonly string[];
  /** Orders the data; kept in checkpoints. Default: 0. */
  readonly seed?: number;
  /**
   * Applied, one after the other, to the graph of model and loss before it is differentiated, and to that of evaluation.
   * Default: `collapseSingleQueryPooling`; an empty list leaves the graph as it was written.
   */
  readonly rewrites?: readonly GraphRewrite[];
  /** As `gradients` says. Default: false. */
  readonly fusedMatMul?: boolean;
  /**
   * Finds what steps compute a second time instead of keeping it, as `gradients` says: `encoderBlocks`,
   * `largeActivations`. Default: nothing.
   */
  readonly recompute?: SpanFinder;
}

/** What graphs have to know of tensors. */
export type TensorFacts = Readonly<Record<string, Pick<Tensor, "dtype" | "shape">>>;

/** A model without its tensors' values: these are where the graphs run, and need not be here too. */
export interface ModelSetup extends Pick<TrainingModel, "inputs" | "base" | "build"> {
  readonly parameters: TensorFacts;
  readonly buffers: TensorFacts;
  readonly constants: TensorFacts;
}

/** `TrainingOptions` with defaults. */
export type TrainingSetup = Required<
  Omit<TrainingOptions, "model" | "maxGradNorm" | "averageDecay" | "lossScale">
> & {
  readonly model: ModelSetup;
  readonly maxGradNorm: number | undefined;
  readonly averageDecay: number | undefined;
  readonly lossScale: LossScaleOptions | undefined;
  /** The model's and the loss's. */
  readonly inputs: Readonly<Record<string, BatchInput>>;
};

/**
 * The setup that the options ask for.
 *
 * @throws TrainError `invalid-argument` for an option outside its range, two things of one name, an empty batch, a model
 * without parameters; `mismatch` for a tensor whose data does not fit its shape
 */
export function trainingSetup(options: TrainingOptions): TrainingSetup {
  checkOptions(options);
  const { model, loss, maxGradNorm, averageDecay, accumulate = 1 } = options;
  if (maxGradNorm !== undefined && !(maxGradNorm > 0)) {
    refuse(`maxGradNorm: expected a number above 0, got ${maxGradNorm}`);
  }
  if (averageDecay !== undefined) requireRange("averageDecay", averageDecay);
  if (!(Number.isSafeInteger(accumulate) && accumulate > 0)) {
    refuse(`accumulate: expected a whole number above 0, got ${accumulate}`);
  }
  if (Object.keys(model.parameters).length === 0) refuse("the model has no parameters");
  const facts = modelSetup(model, loss.inputs);
  const inputs = { ...model.inputs, ...loss.inputs };
  for (const [name, { shape }] of Object.entries(inputs)) {
    if (!shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
      refuse(`${name}: expected sizes above 0, got ${formatShape(shape)}: an empty batch`, name);
    }
  }
  return {
    group: () => ({}),
    watch: [],
    seed: 0,
    rewrites: [collapseSingleQueryPooling],
    fusedMatMul: false,
    recompute: () => [],
    ...options,
    model: facts,
    accumulate,
    maxGradNorm,
    averageDecay,
    lossScale: options.lossScale,
    inputs,
  };
}

/**
 * A model's facts, without its tensors' values.
 *
 * @param beside inputs that are not the model's
 * @throws TrainError `invalid-argument` for two things of one name or a state that is not float32, `mismatch` for a tensor
 * whose data does not fit its shape
 */
export function modelSetup(
  model: TrainingModel,
  beside: Readonly<Record<string, BatchInput>> = {},
): ModelSetup {
  const { parameters, buffers = {}, constants = {} } = model;
  for (const [name, tensor] of Object.entries({ ...parameters, ...buffers })) {
    requireFloats(name, tensor);
  }
  for (const [name, tensor] of Object.entries(constants)) requireFitting(name, tensor);
  const names = [parameters, buffers, constants, model.inputs, beside].flatMap((group) =>
    Object.keys(group),
  );
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    refuse(`two inputs, parameters, buffers or constants are called ${twice}`, twice);
  }
  return {
    ...model,
    parameters: factsOf(parameters),
    buffers: factsOf(buffers),
    constants: factsOf(constants),
  };
}

/** The first state: parameters and buffers, their averages as copies of them, zeros for the optimizer. */
export function firstState(
  model: TrainingModel,
  { optimizer, averageDecay }: Pick<TrainingSetup, "optimizer" | "averageDecay">,
): Tensors {
  const state: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries({ ...model.parameters, ...model.buffers })) {
    state[name] = tensor;
    if (averageDecay !== undefined) state[averageName(name)] = tensor;
  }
  for (const [name, { shape }] of Object.entries(model.parameters)) {
    for (const slot of optimizer.slots) {
      const data = new Float32Array(elementCount(shape));
      state[slotName(name, slot)] = { dtype: "float32", shape, data };
    }
  }
  return state;
}

/** Sums of gradients before the first of several batches. */
export function zeroSums({ accumulate, model }: TrainingSetup): Tensors {
  if (accumulate === 1) return {};
  return Object.fromEntries(
    Object.entries(model.parameters).map(([name, { shape }]) => [
      sumName(name),
      { dtype: "float32", shape, data: new Float32Array(elementCount(shape)) },
    ]),
  );
}

/** The state that holds the moving average of a parameter or buffer. */
export function averageName(name: string): string {
  return `average/${name}`;
}

/** The state that the optimizer keeps for a parameter. */
export function slotName(name: string, slot: string): string {
  return `optimizer/${slot}/${name}`;
}

/** The parameters that are clipped together, by the name of each set. */
export function clipSets({ model, group }: TrainingSetup): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>();
  for (const [name, { shape }] of Object.entries(model.parameters)) {
    const { clippedWith = "all" } = group(name, shape);
    const members = sets.get(clippedWith);
    if (members === undefined) sets.set(clippedWith, [name]);
    else members.push(name);
  }
  return sets;
}

function factsOf(tensors: Tensors): TensorFacts {
  const facts = Object.entries(tensors).map(([name, { dtype, shape }]) => [name, { dtype, shape }]);
  return Object.fromEntries(facts) as TensorFacts;
}

function requireFloats(name: string, tensor: Tensor): void {
  if (tensor.dtype !== "float32") {
    refuse(`${name}: expected float32 parameters and buffers, got ${tensor.dtype}`, name);
  }
  requireFitting(name, tensor);
}

function requireFitting(name: string, { dtype, shape, data }: Tensor): void {
  if (data.byteLength !== elementCount(shape) * DTYPE_BYTES[dtype]) {
    throw new TrainError(
      "mismatch",
      `${name}: ${formatShape(shape)} takes ${elementCount(shape)} elements, got ${data.length}`,
      { subject: name },
    );
  }
}

function refuse(message: string, subject?: string): never {
  throw new TrainError("invalid-argument", message, subject === undefined ? {} : { subject });
}
