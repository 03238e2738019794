// Several steps in one run, by a Loop over the graph of a step (loop-steps.ts): the state crosses to the device once for
// all of them. Where one of them gives a number that is not finite, nothing has happened, and the caller takes them one by
// one, which finds the step and the tensor.

import type { HeldTensor, HeldTensors, Tensor, TensorHolder } from "@internvit/model-core";

import { checkBatch } from "./check-batch.ts";
import { loopSteps } from "./loop-steps.ts";
import type { Tensors } from "./model.ts";
import { nextName, REPORT, watchName } from "./names.ts";
import {
  type LoadedStep,
  normsOf,
  run,
  scalarsOf,
  sumsOf,
  type TrainingState,
} from "./run-step.ts";
import type { StepResult } from "./session.ts";
import type { TrainingSetup } from "./setup.ts";
import { stackTensors, stepOf } from "./stacked.ts";
import { buildStepGraph } from "./step-graph.ts";
import { mapValues } from "./write-model.ts";

/** Loads the graph of `steps` updates. `stays` are the names of what is held and no update changes. */
export async function loadSteps(
  load: (
    model: Parameters<TensorHolder["load"]>[0],
    options: { readonly keep: readonly string[] },
  ) => ReturnType<TensorHolder["load"]>,
  {
    setup,
    steps,
    held,
  }: {
    readonly setup: TrainingSetup;
    readonly steps: number;
    /** Names of the state and of what is held beside it. */
    readonly held: ReadonlySet<string>;
  },
): Promise<LoadedStep> {
  const { model, ...reading } = buildStepGraph(setup, "update");
  const outputs = model.graph.outputs.map(({ name }) => name);
  const shared = model.graph.inputs
    .map(({ name }) => name)
    .filter((name) => held.has(name) && !outputs.includes(nextName(name)));
  const keep = outputs.filter((name) => name.startsWith(nextName("")));
  return { ...reading, session: await load(loopSteps(model, { steps, shared }), { keep }) };
}

/** How several updates in one run went. */
export type StepsDone =
  | { readonly state: TrainingState; readonly results: readonly StepResult[] }
  /** A number was not finite, and nothing has changed: the batches, to be taken one by one. */
  | { readonly again: readonly Tensors[] };

/**
 * Runs one update for each batch, all at once. The state that is given is released when there is a next one.
 *
 * @throws TrainError for a batch that does not fit; the signal's reason when it aborts
 */
export async function runSteps(
  before: TrainingState,
  call: {
    readonly setup: TrainingSetup;
    readonly holder: TensorHolder;
    readonly graph: LoadedStep;
    readonly fixed: HeldTensors;
    readonly batches: readonly Tensors[];
    readonly signal: AbortSignal | undefined;
    /** Whether the batches' buffers may be taken. */
    readonly move: boolean;
  },
): Promise<StepsDone> {
  const { setup, holder, graph, fixed, batches, signal, move } = call;
  for (const batch of batches) checkBatch(batch, setup.inputs);
  const updates = batches.map((_, at) => before.step + at);
  const cancel = signal === undefined ? {} : { signal };
  // Copies, or buffers that may be taken.
  const held = await holder.hold(stacksOf(batches, { share: move }), { move: true, ...cancel });
  try {
    const { outputs, kept } = await run(graph.session, {
      available: {
        ...fixed,
        ...before.tensors,
        ...held,
        ...stacksOf(updates.map((step) => scalarsOf(setup, { step }))),
      },
      ...cancel,
    });
    const report = outputs[REPORT]!;
    if (!(report.data as Float32Array).every((value) => Number.isFinite(value))) {
      holder.release(Object.values(kept));
      return { again: move ? await readBack(holder, { held, steps: batches.length }) : batches };
    }
    return doneSteps(before, { ...call, updates, outputs, kept });
  } finally {
    holder.release(Object.values(held));
  }
}

/** What each name has in all batches, as one tensor. */
function stacksOf(
  batches: readonly Tensors[],
  options: { readonly share?: boolean } = {},
): Tensors {
  return mapValues(batches[0]!, (_, name) =>
    stackTensors(
      batches.map((batch) => batch[name]!),
      options,
    ),
  );
}

/** The batches that were moved to where the graphs run. */
async function readBack(
  holder: TensorHolder,
  { held, steps }: { readonly held: HeldTensors; readonly steps: number },
): Promise<readonly Tensors[]> {
  const stacked = await holder.read(held);
  return Array.from({ length: steps }, (_, at) =>
    mapValues(stacked, (tensor) => {
      const { dtype, shape, data } = stepOf(tensor, at);
      return { dtype, shape, data: data.slice() } as Tensor;
    }),
  );
}

/** The next state in place of the one before, and what the report says of each update. */
function doneSteps(
  before: TrainingState,
  done: {
    readonly setup: TrainingSetup;
    readonly holder: TensorHolder;
    readonly graph: LoadedStep;
    readonly updates: readonly number[];
    readonly outputs: Tensors;
    readonly kept: HeldTensors;
  },
): StepsDone {
  const { setup, holder, graph, updates, outputs, kept } = done;
  const report = outputs[REPORT]!;
  const tensors = mapValues(before.tensors, (old, name) => kept[nextName(name)] ?? old);
  const stay = new Set<HeldTensor>(Object.values(tensors));
  holder.release(Object.values(before.tensors).filter((tensor) => !stay.has(tensor)));
  return {
    state: { ...before, tensors, step: before.step + updates.length },
    results: updates.map((step, at) => {
      const row = stepOf(report, at).data as Float32Array;
      const losses = Object.fromEntries(graph.losses.map((name, index) => [name, row[index]!]));
      const gradNorms = normsOf(setup, row.subarray(graph.losses.length));
      return {
        step,
        ...sumsOf(losses, gradNorms),
        learningRate: setup.schedule(step),
        skipped: false,
        watched: Object.fromEntries(
          setup.watch.map((name) => [name, stepOf(outputs[watchName(name)]!, at)]),
        ),
      };
    }),
  };
}
