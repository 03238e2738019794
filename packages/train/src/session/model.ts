// What is trained: a model and its loss, as functions that write them into a graph. Tensors are asked for by name, so
// that a wrong name fails where it is written.

import type { Dtype, Graph, GraphBuilder, Tensor, Value } from "@internvit/model-core";

/** Tensors by name: a batch, parameters. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** What a batch brings under a name. */
export interface BatchInput {
  readonly dtype: Dtype;
  /** The shape in training. Evaluation takes other sizes too. */
  readonly shape: readonly number[];
  /**
   * For labels: every one must be in [0, classes) or the ignored one. A loss takes any other integer for ignored, so
   * integers of a loss must have this, or say `"unchecked"`.
   */
  readonly labels?: { readonly classes: number; readonly ignore?: number } | "unchecked";
  /** What evaluation does without: masks of dropped paths. Default: false. */
  readonly trainingOnly?: boolean;
}

/** A model with its first state. */
export interface TrainingModel {
  readonly inputs: Readonly<Record<string, BatchInput>>;
  /** Trained: float32. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Kept and saved beside them, but without gradients: float32 running statistics. Default: none. */
  readonly buffers?: Readonly<Record<string, Tensor>>;
  /**
   * Any element type; brought once to where the graphs run, and never changed or saved: a data set that batches are
   * picked from by `gather`, frozen weights. Steps and evaluations read it. Default: none.
   */
  readonly constants?: Readonly<Record<string, Tensor>>;
  /**
   * A finished graph that `build` goes on from, for inputs of these shapes: an encoder's, by `weightsAsInputs`. Its inputs
   * are inputs, parameters, buffers or constants of the model; its values are there by `graph.value`. Default: an empty graph.
   */
  readonly base?: (call: BaseCall) => Graph;
  /** Writes the forward pass. Weights that stay as they are belong into it, as constants or in files. */
  readonly build: (graph: GraphBuilder, call: ModelCall) => ModelResults;
}

/** What `TrainingModel.base` gets. */
export interface BaseCall {
  readonly mode: "training" | "evaluation";
  /** The model's, with the shapes of this graph; without those of training only in evaluation. */
  readonly inputs: Readonly<Record<string, BatchInput>>;
}

/** What `TrainingModel.build` gets. Each function throws TrainError `invalid-argument` for a name that is not there. */
export interface ModelCall {
  readonly mode: "training" | "evaluation";
  readonly input: (name: string) => Value;
  readonly parameter: (name: string) => Value;
  readonly buffer: (name: string) => Value;
  readonly constant: (name: string) => Value;
}

/** What a forward pass gives. */
export interface ModelResults {
  readonly outputs: Readonly<Record<string, Value>>;
  /** Buffers that change in training, after this batch. */
  readonly buffers?: Readonly<Record<string, Value>>;
}

/** What a model is trained for. */
export interface TrainingLoss {
  /** Beside the model's: labels, targets, weights. */
  readonly inputs: Readonly<Record<string, BatchInput>>;
  /**
   * Writes the loss, a value with one element; or several by name, whose sum is minimised and which every step tells one
   * by one.
   */
  readonly build: (graph: GraphBuilder, call: LossCall) => Value | Readonly<Record<string, Value>>;
}

/** What `TrainingLoss.build` gets; as `ModelCall`. */
export interface LossCall {
  /** Of the loss or of the model. */
  readonly input: (name: string) => Value;
  /** Of the model. */
  readonly output: (name: string) => Value;
  /** Of the model. */
  readonly constant: (name: string) => Value;
}
