// A training on any runtime. The state stays where the graphs run, and the session knows which held tensors it is; those
// of the next state replace them only when the step went well, so that whatever fails or is aborted leaves the last good
// one.

import type { GraphRuntime, HeldTensors } from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import { initialLossScale } from "../schedules/loss-scale.ts";
import {
  beginTraining,
  cancelBy,
  loadGraph,
  type TrainingSessionOptions,
} from "./begin-training.ts";
import { decodeTrainingCheckpoint, encodeTrainingCheckpoint } from "./checkpoint.ts";
import { createEvaluate } from "./evaluation.ts";
import type { Tensors } from "./model.ts";
import { type LoadedStep, runStep, type TrainingState } from "./run-step.ts";
import { loadSteps, runSteps } from "./run-steps.ts";
import type {
  EvaluationResult,
  StepBatch,
  StepOptions,
  StepResult,
  TrainingSession,
} from "./session.ts";
import { averageName, type TrainingSetup, trainingSetup } from "./setup.ts";
import { buildStepGraph, type StepPhase } from "./step-graph.ts";
import { mapValues } from "./write-model.ts";

/**
 * Builds and loads the graphs of a training.
 *
 * @throws TrainError `invalid-argument` and `mismatch` as `TrainingOptions` say, `unreached` for a parameter that the
 * loss does not depend on, `unsupported` for an operator without a gradient; ModelError for shapes that do not fit
 */
export async function createTrainingSession(
  runtime: GraphRuntime,
  options: TrainingSessionOptions,
): Promise<TrainingSession> {
  const setup = trainingSetup(options);
  const phases: readonly StepPhase[] =
    setup.accumulate === 1 ? ["update"] : ["accumulate", "update"];
  // All graphs are built, and refused, before the first is loaded.
  const built = phases.map((phase) => [phase, buildStepGraph(setup, phase)] as const);
  const holder = await runtime.createHolder(cancelBy(options.signal));
  const { graphs, fixed, tensors } = await beginTraining(holder, { options, setup, built }).catch(
    async (error: unknown) => {
      await holder.dispose();
      throw error;
    },
  );
  const evaluateBy = createEvaluate(holder, setup);
  let looped: { readonly steps: number; readonly graph: LoadedStep } | undefined;

  let { seed } = setup;
  let state: TrainingState = {
    tensors,
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

  async function step(
    batch: StepBatch,
    { signal, move = false }: StepOptions,
  ): Promise<StepResult> {
    const batches = isList(batch) ? batch : [batch];
    const call = { setup, holder, graphs, fixed, batches, signal, move };
    const { state: next, result } = await runStep(state, call);
    state = next;
    return result;
  }

  /** An update for each batch in one run, or the batches that have to be taken one by one. */
  async function stepTogether(
    batches: readonly Tensors[],
    { signal, move = false }: StepOptions,
  ): Promise<{ readonly results: readonly StepResult[] } | { readonly again: readonly Tensors[] }> {
    signal?.throwIfAborted();
    const steps = batches.length;
    if (looped?.steps !== steps) {
      await looped?.graph.session.dispose();
      looped = undefined;
      const graph = await loadSteps(
        (model, { keep }) => loadGraph(holder, model, { keep, ...cancelBy(signal) }),
        { setup, steps, held: new Set([...Object.keys(state.tensors), ...Object.keys(fixed)]) },
      );
      looped = { steps, graph };
    }
    const done = await runSteps(state, {
      setup,
      holder,
      graph: looped.graph,
      fixed,
      batches,
      signal,
      move,
    });
    if ("state" in done) state = done.state;
    return done;
  }

  async function evaluate(
    batch: Tensors,
    {
      averaged = false,
      ...options
    }: {
      readonly averaged?: boolean;
      readonly signal?: AbortSignal;
      readonly move?: boolean;
    },
  ): Promise<EvaluationResult> {
    return evaluateBy(batch, { held: { ...fixed, ...weightsNow(averaged) }, ...options });
  }

  function weightsNow(averaged: boolean): HeldTensors {
    if (averaged && setup.averageDecay === undefined) {
      throw new TrainError("invalid-argument", "no average is kept: averageDecay is not set");
    }
    return mapValues(
      { ...setup.model.parameters, ...setup.model.buffers },
      (_, name) => state.tensors[averaged ? averageName(name) : name]!,
    );
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
    step: (batch, stepOptions = {}) => inTurn(() => step(batch, stepOptions)),
    async train(batches, { onStep, stepsPerRun = 1, ...stepOptions } = {}) {
      checkStepsPerRun(stepsPerRun, { setup, provider: runtime.executionProvider });
      let waiting: Tensors[] = [];
      const oneByOne = async (some: readonly StepBatch[]): Promise<void> => {
        for (const batch of some) {
          const result = await training.step(batch, stepOptions);
          onStep?.(result);
        }
      };
      for await (const batch of batches) {
        if (stepsPerRun === 1 || isList(batch)) {
          await oneByOne([batch]);
          continue;
        }
        waiting.push(batch);
        if (waiting.length < stepsPerRun) continue;
        const together = waiting;
        waiting = [];
        const done = await inTurn(() => stepTogether(together, stepOptions));
        if ("again" in done) await oneByOne(done.again);
        else for (const result of done.results) onStep?.(result);
      }
      await oneByOne(waiting);
    },
    evaluate: (batch, evaluation = {}) => inTurn(() => evaluate(batch, evaluation)),
    weights: ({ averaged = false } = {}) => inTurn(async () => holder.read(weightsNow(averaged))),
    state: () => inTurn(() => holder.read(state.tensors)),
    saveCheckpoint: () =>
      inTurn(async () => encodeTrainingCheckpoint(await holder.read(state.tensors), position())),
    loadCheckpoint: (bytes) =>
      inTurn(async () => {
        const like = { tensors: state.tensors, optimizer: { name, settings } };
        const { tensors, position: found } = await decodeTrainingCheckpoint(bytes, like);
        const before = state;
        const lossScale = before.lossScale && (found.lossScale ?? before.lossScale);
        state = { tensors: await holder.hold(tensors), step: found.step, lossScale };
        ({ seed } = found);
        holder.release(Object.values(before.tensors));
      }),
    dispose: () => inTurn(() => holder.dispose()),
    [Symbol.asyncDispose]: () => training.dispose(),
  };
  return training;
}

function isList(batch: StepBatch): batch is readonly Tensors[] {
  return Array.isArray(batch);
}

function checkStepsPerRun(
  steps: number,
  { setup, provider }: { readonly setup: TrainingSetup; readonly provider: string },
): void {
  const { accumulate, lossScale } = setup;
  const several = !(Number.isSafeInteger(steps) && steps > 0)
    ? "a whole number above 0"
    : steps === 1
      ? undefined
      : accumulate > 1 || lossScale !== undefined
        ? "1 with accumulate or lossScale"
        : provider === "webgpu"
          ? "1 on webgpu, where ONNX Runtime has no Loop and the state stays on the device"
          : undefined;
  if (several === undefined) return;
  throw new TrainError("invalid-argument", `stepsPerRun: expected ${several}, got ${steps}`);
}
