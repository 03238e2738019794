// A model that is only evaluated: trained weights at work, without optimizer, gradients and loss.

import type { GraphRuntime } from "@internvit/model-core";

import { collapseSingleQueryPooling } from "../rewrites/collapse-single-query-pooling.ts";
import type { GraphRewrite } from "../rewrites/rewrite.ts";
import { cancelBy } from "./begin-training.ts";
import { createEvaluate } from "./evaluation.ts";
import type { Tensors, TrainingModel } from "./model.ts";
import { modelSetup } from "./setup.ts";

/** Options of `createEvaluation`. */
export interface EvaluationOptions {
  /** Its parameters and buffers are the weights; they are copied to where the graphs run. */
  readonly model: TrainingModel;
  /** As in `TrainingOptions`. Default: `collapseSingleQueryPooling`. */
  readonly rewrites?: readonly GraphRewrite[];
  /** Stops waiting for the evaluation to be ready; the half-made one is disposed of. */
  readonly signal?: AbortSignal | undefined;
}

/** A model at work. */
export interface Evaluation {
  /**
   * The model's outputs for a batch of any size, as `evaluate` of a training session gives them. A graph is built for
   * every new set of shapes; a few are kept. Calls wait for each other.
   *
   * @throws TrainError for a batch that does not fit the model; the signal's reason
   */
  evaluate(
    batch: Tensors,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Tensors>;
  /** Frees weights and graphs, once calls that are under way have ended. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Brings a model's weights to where its graphs run.
 *
 * @throws TrainError `invalid-argument` and `mismatch` for tensors that do not fit their names, types or shapes
 */
export async function createEvaluation(
  runtime: GraphRuntime,
  { model, rewrites = [collapseSingleQueryPooling], signal }: EvaluationOptions,
): Promise<Evaluation> {
  const { parameters, buffers, constants } = model;
  const setup = { model: modelSetup(model), rewrites };
  const holder = await runtime.createHolder(cancelBy(signal));
  const held = await holder
    .hold({ ...parameters, ...buffers, ...constants }, cancelBy(signal))
    .catch(async (error: unknown) => {
      await holder.dispose();
      throw error;
    });
  const evaluateBy = createEvaluate(holder, setup);
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const result = turn.then(call);
    turn = result.catch(() => {});
    return result;
  };
  const dispose = (): Promise<void> => inTurn(() => holder.dispose());
  return {
    evaluate: (batch, options = {}) =>
      inTurn(async () => (await evaluateBy(batch, { held, signal: options.signal })).outputs),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
