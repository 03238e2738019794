// What a training session does, and what its calls give.

import type { Tensors } from "./model.ts";

/** Tensors for one step: one batch, or as many as `accumulate` says. */
export type StepBatch = Tensors | readonly Tensors[];

/** How a step went. */
export interface StepResult {
  /** The update's index, from 0. */
  readonly step: number;
  /** Before the update; the mean over accumulated batches. */
  readonly loss: number;
  /** The losses by name whose sum it is; `loss` alone where there is one. */
  readonly losses: Readonly<Record<string, number>>;
  /** √Σ gradient², before clipping. */
  readonly gradNorm: number;
  /** The same for each set of parameters that is clipped together. */
  readonly gradNorms: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** True where gradients overflowed under loss scaling: nothing has changed but the scale. */
  readonly skipped: boolean;
  /** What `watch` asks for; of the last batch where several are accumulated. */
  readonly watched: Tensors;
}

/** What an evaluation gives. */
export interface EvaluationResult {
  /** The model's. */
  readonly outputs: Tensors;
  /** Where the batch has what the loss needs. */
  readonly loss: number | undefined;
  /** As in `StepResult`; none without the loss's inputs. */
  readonly losses: Readonly<Record<string, number>>;
}

/** Options of `TrainingSession.step`. */
export interface StepOptions {
  /** Stops the step: it has not happened. */
  readonly signal?: AbortSignal;
  /**
   * Moves the batch's buffers to where the graph runs instead of copying them: its tensors are empty afterwards, also when
   * the step fails or is left out by loss scaling. Default: false.
   */
  readonly move?: boolean;
}

/** Options of `TrainingSession.train`. */
export interface TrainOptions {
  /** Stops between and during steps; the state is that after the last whole step. */
  readonly signal?: AbortSignal;
  /**
   * As in `StepOptions`, for every batch. Several in one run are moved where they lie one behind the other in one buffer,
   * and copied otherwise. Default: false.
   */
  readonly move?: boolean;
  /**
   * Updates in one run, by ONNX's Loop: worth it where the state crosses to the device in every run (CUDA), or copying it
   * takes a good part of a step (linear heads on the CPU). Results are the same, on the CPU to the bit; what is left over
   * after the last full run is done one by one, and so is a run in which a number is not finite, to find it. The signal
   * stops between runs and during one. Not with `accumulate` or `lossScale`, and not on WebGPU, which has no Loop.
   * Default: 1.
   */
  readonly stepsPerRun?: number;
  /** Called after every step. */
  readonly onStep?: (result: StepResult) => void;
}

/** A training that is under way. Its calls run one after the other. */
export interface TrainingSession {
  /** Updates done so far. */
  readonly updates: number;
  /** Of the order of the data. */
  readonly seed: number;
  /**
   * One update.
   *
   * @throws TrainError `mismatch` and `invalid-argument` for a batch that does not fit, `not-finite` for NaN or an
   * overflow, with the first tensor that has it; the signal's reason when it aborts. The state stays as it was. The
   * runtime's RuntimeError `worker-lost` or `device-lost` where the state itself is lost: go on from a checkpoint.
   */
  step(batch: StepBatch, options?: StepOptions): Promise<StepResult>;
  /** One update for each batch. */
  train(
    batches: Iterable<StepBatch> | AsyncIterable<StepBatch>,
    options?: TrainOptions,
  ): Promise<void>;
  /** The model's outputs in evaluation mode, for batches of any size; with the loss where the batch has its inputs. */
  evaluate(
    batch: Tensors,
    options?: {
      /** With the moving average of parameters and buffers. Default: false. */
      readonly averaged?: boolean;
      readonly signal?: AbortSignal;
      /** As in `StepOptions`. Default: false. */
      readonly move?: boolean;
    },
  ): Promise<EvaluationResult>;
  /** Copies of parameters and buffers by name, or of their moving average. */
  weights(options?: { readonly averaged?: boolean }): Promise<Tensors>;
  /** Copies of everything that is kept: weights, `optimizer/<slot>/<name>`, `average/<name>`. */
  state(): Promise<Tensors>;
  /** The training as the bytes of a safetensors file. */
  saveCheckpoint(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Goes on where a checkpoint was saved: the next updates are those that would have followed.
   *
   * @throws TrainError `mismatch` for the checkpoint of another model or optimizer; the state stays as it was.
   */
  loadCheckpoint(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Frees graphs and state. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
