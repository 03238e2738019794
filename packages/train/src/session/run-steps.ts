// Several steps in one run, by a Loop over the graph of a step (loop-steps.ts): the state crosses to the device once for
// all of them. Where one of them gives a number that is not finite, nothing has happened, and the caller takes them one by
// one, which finds the step and the tensor.

import type { HeldTensor, HeldTensors, TensorHolder } from "@internvit/model-core";

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

/**
 * Runs one update for each batch, all at once. The state that is given is released when there is a next one; undefined,
 * and nothing has changed, where a number is not finite.
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
  },
): Promise<{ readonly state: TrainingState; readonly results: readonly StepResult[] } | undefined> {
  const { setup, holder, graph, fixed, batches, signal } = call;
  for (const batch of batches) checkBatch(batch, setup.inputs);
  const updates = batches.map((_, at) => before.step + at);
  const fed = batches.map((batch, at) => ({
    ...batch,
    ...scalarsOf(setup, { step: updates[at]! }),
  }));
  const stacked = mapValues(fed[0]!, (_, name) => stackTensors(fed.map((each) => each[name]!)));
  const { outputs, kept } = await run(graph.session, {
    available: { ...fixed, ...before.tensors, ...stacked },
    // The stacks are copies: their buffers can go.
    move: true,
    ...(signal === undefined ? {} : { signal }),
  });
  const report = outputs[REPORT]!;
  if (!(report.data as Float32Array).every((value) => Number.isFinite(value))) {
    holder.release(Object.values(kept));
    return undefined;
  }
  const tensors = mapValues(before.tensors, (old, name) => kept[nextName(name)] ?? old);
  const stay = new Set<HeldTensor>(Object.values(tensors));
  holder.release(Object.values(before.tensors).filter((tensor) => !stay.has(tensor)));
  return {
    state: { ...before, tensors, step: before.step + batches.length },
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
