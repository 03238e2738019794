// What an optimizer is: plain data and a function that writes one parameter's update into the graph. What changes from
// step to step is fed as numbers without axes, so that one graph serves the whole training.

import type { GraphBuilder, Value } from "@internvit/model-core";

/** An update rule; made by `sgd` and `adamW`. */
export interface Optimizer {
  /** Stands in checkpoints, with the settings. */
  readonly name: string;
  readonly settings: Readonly<Record<string, number | boolean>>;
  /** The tensors that it keeps for each parameter, in the parameter's shape, zero at the start. */
  readonly slots: readonly string[];
  /** The numbers that are fed for update `step`, counted from 0, beside `learningRate`. */
  readonly scalars: (step: number) => Readonly<Record<string, number>>;
  /** Writes the numbers that all parameters of a group share; they are written once for each group. */
  readonly rates: (graph: GraphBuilder, call: RatesCall) => Readonly<Record<string, Value>>;
  readonly update: (graph: GraphBuilder, call: UpdateCall) => Updated;
}

/** A group of parameters. */
export interface RatesCall {
  /** The group's own, a number without axes. */
  readonly learningRate: Value;
  readonly scalars: Readonly<Record<string, Value>>;
  readonly weightDecay: number;
}

/** One parameter's update. */
export interface UpdateCall {
  readonly parameter: Value;
  /** Clipped already. */
  readonly gradient: Value;
  readonly slots: Readonly<Record<string, Value>>;
  /** What `rates` gave for the parameter's group. */
  readonly rates: Readonly<Record<string, Value>>;
  readonly weightDecay: number;
}

/** A parameter and its slots after an update. */
export interface Updated {
  readonly parameter: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

/** How a parameter is trained. */
export interface ParameterGroup {
  /** Times the schedule's learning rate. Default: 1. */
  readonly learningRateScale?: number;
  /** Default: 0. */
  readonly weightDecay?: number;
  /** Parameters of one name here are clipped together, by their own norm. Default: `all`. */
  readonly clippedWith?: string;
}
