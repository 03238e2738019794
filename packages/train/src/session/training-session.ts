// A training on any runtime. The state stays where the graphs run, and the session knows which held tensors it is; those
// of the next state replace them only when the step went well, so that whatever fails or is aborted leaves the last good
// one.

import type {
  GraphModel,
  GraphRuntime,
  HeldTensors,
  HolderLoadOptions,
  HolderSession,
  TensorHolder,
} from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import { initialLossScale } from "../schedules/loss-scale.ts";
import { checkBatch } from "./check-batch.ts";
import { decodeTrainingCheckpoint, encodeTrainingCheckpoint } from "./checkpoint.ts";
import { buildEvaluationGraph, evaluationInputs, evaluationResult } from "./evaluation.ts";
import type { Tensors } from "./model.ts";
import { nextName } from "./names.ts";
import { type LoadedStep, run, runStep, type TrainingState } from "./run-step.ts";
import type {
  EvaluationResult,
  StepBatch,
  StepOptions,
  StepResult,
  TrainingSession,
} from "./session.ts";
import {
  averageName,
  firstState,
  type TrainingOptions,
  type TrainingSetup,
  trainingSetup,
  zeroSums,
} from "./setup.ts";
import { buildStepGraph, type StepGraph, type StepPhase } from "./step-graph.ts";
import { mapValues } from "./write-model.ts";

/** Evaluation graphs that are kept, one for each set of shapes. */
const MAX_EVALUATION_GRAPHS = 4;

/** Options of `createTrainingSession`. */
export interface TrainingSessionOptions extends TrainingOptions {
  /** Stops waiting for the session; the half-made one is disposed of. */
  readonly signal?: AbortSignal;
  /**
   * Moves the buffers of the model's constants to where the graphs run instead of copying them: they are empty afterwards.
   * Default: false.
   */
  readonly moveConstants?: boolean;
}

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
  const { graphs, fixed, tensors } = await begin(holder, { options, setup, built }).catch(
    async (error: unknown) => {
      await holder.dispose();
      throw error;
    },
  );
  const evaluations = new Map<string, HolderSession>();

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
      graph = await load(holder, buildEvaluationGraph(setup, inputs), cancelBy(signal));
      evaluations.set(key, graph);
      const [oldest] = evaluations;
      if (oldest !== undefined && evaluations.size > MAX_EVALUATION_GRAPHS) {
        evaluations.delete(oldest[0]);
        await oldest[1].dispose();
      }
    }
    const available = { ...fixed, ...weights, ...batch };
    const { outputs } = await run(graph, { available, ...cancelBy(signal) });
    return evaluationResult(outputs);
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
    async train(batches, { onStep, ...stepOptions } = {}) {
      for await (const batch of batches) {
        const result = await training.step(batch, stepOptions);
        onStep?.(result);
      }
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

/** Brings graphs and first tensors to where the training runs. Not a part of the session, which would keep `options`. */
async function begin(
  holder: TensorHolder,
  call: {
    readonly options: TrainingSessionOptions;
    readonly setup: TrainingSetup;
    readonly built: readonly (readonly [StepPhase, StepGraph])[];
  },
): Promise<{
  readonly graphs: ReadonlyMap<StepPhase, LoadedStep>;
  readonly fixed: HeldTensors;
  readonly tensors: HeldTensors;
}> {
  const { options, setup, built } = call;
  const { model: given, moveConstants: move = false } = options;
  const cancel = cancelBy(options.signal);
  const graphs = new Map<StepPhase, LoadedStep>();
  for (const [phase, { model, ...reading }] of built) {
    const names = model.graph.outputs.map(({ name }) => name);
    const keep = names.filter((name) => name.startsWith(nextName("")));
    graphs.set(phase, { ...reading, session: await load(holder, model, { keep, ...cancel }) });
  }
  const constants = await holder.hold({ ...given.constants }, { move, ...cancel });
  const sums = await holder.hold(zeroSums(setup), { move: true, ...cancel });
  const tensors = await holder.hold(firstState(given, setup), cancel);
  return { graphs, fixed: { ...constants, ...sums }, tensors };
}

/** Graphs of trainings are large: twice their memory would be too much. */
function load(
  holder: TensorHolder,
  model: GraphModel,
  options: HolderLoadOptions,
): Promise<HolderSession> {
  return holder.load(model, { memoryPattern: false, ...options });
}

function cancelBy(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function isList(batch: StepBatch): batch is readonly Tensors[] {
  return Array.isArray(batch);
}
