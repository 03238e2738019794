// The start of a training: its graphs are loaded, and its first tensors brought to where they run. Not a part of the
// session, which would keep the options and with them the tensors' first values.

import type {
  GraphModel,
  HeldTensors,
  HolderLoadOptions,
  HolderSession,
  TensorHolder,
} from "@internvit/model-core";

import { nextName } from "./names.ts";
import type { LoadedStep } from "./run-step.ts";
import { firstState, type TrainingOptions, type TrainingSetup, zeroSums } from "./setup.ts";
import type { StepGraph, StepPhase } from "./step-graph.ts";

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

/** Loads the graphs and holds state, constants and zero sums. */
export async function beginTraining(
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
    const session = await loadGraph(holder, model, { keep, ...cancel });
    graphs.set(phase, { ...reading, session });
  }
  const constants = await holder.hold({ ...given.constants }, { move, ...cancel });
  const sums = await holder.hold(zeroSums(setup), { move: true, ...cancel });
  const tensors = await holder.hold(firstState(given, setup), cancel);
  return { graphs, fixed: { ...constants, ...sums }, tensors };
}

/** Graphs of trainings are large: twice their memory would be too much. */
export function loadGraph(
  holder: TensorHolder,
  model: GraphModel,
  options: HolderLoadOptions,
): Promise<HolderSession> {
  return holder.load(model, { memoryPattern: false, ...options });
}

/** The option `signal`, where there is one. */
export function cancelBy(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
