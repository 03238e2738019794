// A training on any runtime. The host holds the state and feeds it to every step; the next state replaces it only when
// the step went well, so that whatever fails or is aborted leaves the last good one.

import type { GraphRuntime, GraphSession, Tensor } from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import { initialLossScale } from "../schedules/loss-scale.ts";
import { checkBatch } from "./check-batch.ts";
import { decodeTrainingCheckpoint, encodeTrainingCheckpoint } from "./checkpoint.ts";
import { buildEvaluationGraph, evaluationInputs, evaluationResult } from "./evaluation.ts";
import type { Tensors } from "./model.ts";
import { type LoadedStep, run, runStep, type TrainingState } from "./run-step.ts";
import type { EvaluationResult, StepBatch, StepResult, TrainingSession } from "./session.ts";
import { averageName, firstState, type TrainingOptions, trainingSetup } from "./setup.ts";
import { buildStepGraph, type StepPhase } from "./step-graph.ts";
import { mapValues } from "./write-model.ts";

/** Evaluation graphs that are kept, one for each set of shapes. */
const MAX_EVALUATION_GRAPHS = 4;

/**
 * Builds and loads the graphs of a training.
 *
 * @throws TrainError `invalid-argument` and `mismatch` as `TrainingOptions` say, `unreached` for a parameter that the
 * loss does not depend on, `unsupported` for an operator without a gradient; ModelError for shapes that do not fit
 */
export async function createTrainingSession(
  runtime: GraphRuntime,
  options: TrainingOptions & { readonly signal?: AbortSignal },
): Promise<TrainingSession> {
  const { signal: loading } = options;
  const setup = trainingSetup(options);
  const phases: readonly StepPhase[] =
    setup.accumulate === 1 ? ["update"] : ["accumulate", "update"];
  // All graphs are built, and refused, before the first is loaded.
  const built = phases.map((phase) => [phase, buildStepGraph(setup, phase)] as const);
  const graphs = new Map<StepPhase, LoadedStep>();
  const evaluations = new Map<string, GraphSession>();
  try {
    for (const [phase, { model, ...reading }] of built) {
      const session = await runtime.load(model, loading === undefined ? {} : { signal: loading });
      graphs.set(phase, { ...reading, session });
    }
  } catch (error) {
    await disposeAll();
    throw error;
  }

  let { seed } = setup;
  let state: TrainingState = {
    tensors: copies(firstState(setup)),
    step: 0,
    lossScale: setup.lossScale && initialLossScale(setup.lossScale),
  };
  let turn: Promise<unknown> = Promise.resolve();

  /** Runs calls one after the other; one that fails does not stop the next. */
  function inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = turn.then(call);
    turn = result.catch(() => {});
    return result;
  }

  async function step(batch: StepBatch, signal: AbortSignal | undefined): Promise<StepResult> {
    const batches = isList(batch) ? batch : [batch];
    const { state: next, result } = await runStep(state, { setup, graphs, batches, signal });
    state = next;
    return result;
  }

  async function evaluate(
    batch: Tensors,
    { averaged = false, signal }: { readonly averaged?: boolean; readonly signal?: AbortSignal },
  ): Promise<EvaluationResult> {
    const inputs = evaluationInputs(batch, setup);
    checkBatch(batch, inputs);
    const weights = weightsNow(averaged);
    const key = JSON.stringify(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    let graph = evaluations.get(key);
    if (graph === undefined) {
      const model = buildEvaluationGraph(setup, inputs);
      graph = await runtime.load(model, signal === undefined ? {} : { signal });
      evaluations.set(key, graph);
      const [oldest] = evaluations;
      if (oldest !== undefined && evaluations.size > MAX_EVALUATION_GRAPHS) {
        evaluations.delete(oldest[0]);
        await oldest[1].dispose();
      }
    }
    return evaluationResult(await run(graph, { available: { ...weights, ...batch }, signal }));
  }

  function weightsNow(averaged: boolean): Tensors {
    if (averaged && setup.averageDecay === undefined) {
      throw new TrainError("invalid-argument", "no average is kept: averageDecay is not set");
    }
    return mapValues(
      { ...setup.model.parameters, ...setup.model.buffers },
      (_, name) => state.tensors[averaged ? averageName(name) : name]!,
    );
  }

  async function disposeAll(): Promise<void> {
    const sessions = [
      ...Array.from(graphs.values(), ({ session }) => session),
      ...evaluations.values(),
    ];
    await Promise.all(sessions.map((session) => session.dispose()));
  }

  const { name, settings } = setup.optimizer;
  const position = () => ({
    step: state.step,
    seed,
    lossScale: state.lossScale,
    optimizer: { name, settings },
  });
  const training: TrainingSession = {
    get updates() {
      return state.step;
    },
    get seed() {
      return seed;
    },
    step: (batch, { signal } = {}) => inTurn(() => step(batch, signal)),
    async train(batches, { signal, onStep } = {}) {
      for await (const batch of batches) {
        const result = await training.step(batch, signal === undefined ? {} : { signal });
        onStep?.(result);
      }
    },
    evaluate: (batch, evaluation = {}) => inTurn(() => evaluate(batch, evaluation)),
    weights: ({ averaged = false } = {}) => inTurn(async () => copies(weightsNow(averaged))),
    state: () => inTurn(async () => copies(state.tensors)),
    saveCheckpoint: () => inTurn(async () => encodeTrainingCheckpoint(state.tensors, position())),
    loadCheckpoint: (bytes) =>
      inTurn(async () => {
        const like = { tensors: state.tensors, optimizer: { name, settings } };
        const { tensors, position: found } = await decodeTrainingCheckpoint(bytes, like);
        const lossScale = state.lossScale && (found.lossScale ?? state.lossScale);
        state = { tensors, step: found.step, lossScale };
        ({ seed } = found);
      }),
    dispose: () => inTurn(disposeAll),
    [Symbol.asyncDispose]: () => training.dispose(),
  };
  return training;
}

function isList(batch: StepBatch): batch is readonly Tensors[] {
  return Array.isArray(batch);
}

function copies(tensors: Tensors): Tensors {
  return mapValues(tensors, (tensor) => ({ ...tensor, data: tensor.data.slice() }) as Tensor);
}
