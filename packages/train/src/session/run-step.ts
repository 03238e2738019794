// One step: a state and batches in, the next state and how it went out. Nothing is changed in place, so that a step that
// fails leaves no trace.

import type { GraphSession, Tensor } from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import { type LossScale, nextLossScale } from "../schedules/loss-scale.ts";
import { checkBatch, firstNotFinite } from "./check-batch.ts";
import type { Tensors } from "./model.ts";
import {
  gradientName,
  LEARNING_RATE,
  LOSS_SCALE,
  nextName,
  REPORT,
  scalarName,
  sumName,
  watchName,
} from "./names.ts";
import type { StepResult } from "./session.ts";
import { clipSets, type TrainingSetup } from "./setup.ts";
import type { StepGraph, StepPhase } from "./step-graph.ts";
import { mapValues } from "./write-model.ts";

/** A graph of a step that is ready to run. */
export interface LoadedStep extends Omit<StepGraph, "model"> {
  readonly session: GraphSession;
}

/** Where a training stands. */
export interface TrainingState {
  readonly tensors: Tensors;
  /** Updates done. */
  readonly step: number;
  readonly lossScale: LossScale | undefined;
}

/** What `runStep` works on. */
export interface StepCall {
  readonly setup: TrainingSetup;
  readonly graphs: ReadonlyMap<StepPhase, LoadedStep>;
  readonly batches: readonly Tensors[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs one step.
 *
 * @throws TrainError and abort reasons as `TrainingSession.step` says
 */
export async function runStep(
  before: TrainingState,
  { setup, graphs, batches, signal }: StepCall,
): Promise<{ readonly state: TrainingState; readonly result: StepResult }> {
  const { accumulate, inputs, optimizer, schedule, watch } = setup;
  const { step, lossScale } = before;
  signal?.throwIfAborted();
  if (batches.length !== accumulate) {
    throw new TrainError(
      "invalid-argument",
      `a step takes ${accumulate} batches (accumulate), got ${batches.length}`,
    );
  }
  for (const batch of batches) checkBatch(batch, inputs);
  const learningRate = schedule(step);
  const scalars = Object.entries({
    [LEARNING_RATE]: learningRate,
    ...Object.fromEntries(
      Object.entries(optimizer.scalars(step)).map(([name, value]) => [scalarName(name), value]),
    ),
    ...(lossScale === undefined ? {} : { [LOSS_SCALE]: lossScale.scale }),
  }).map(([name, value]) => [name, number(value)] as const);

  let held: Tensors = { ...before.tensors, ...zeroSums(setup) };
  let watched: Tensors = {};
  let gradNorms: StepResult["gradNorms"] = {};
  const losses: Record<string, number> = {};
  for (const [at, batch] of batches.entries()) {
    const graph = graphs.get(at === accumulate - 1 ? "update" : "accumulate")!;
    const results = await run(graph.session, {
      available: { ...held, ...batch, ...Object.fromEntries(scalars) },
      signal,
    });
    const report = results[REPORT]!.data as Float32Array;
    watched = Object.fromEntries(watch.map((name) => [name, results[watchName(name)]!]));
    gradNorms = normsOf(setup, report.subarray(graph.losses.length));
    for (const [index, name] of graph.losses.entries()) {
      losses[name] = (losses[name] ?? 0) + report[index]! / accumulate;
    }
    const bad = firstBad({ report, names: graph.report, batch });
    if (bad !== undefined) {
      const overflowed = bad.startsWith(gradientName(""));
      if (overflowed && setup.lossScale && lossScale && lossScale.scale > 1) {
        const next = nextLossScale(lossScale, { ...setup.lossScale, overflowed });
        return { state: { ...before, lossScale: next }, result: resultOf(true) };
      }
      throw new TrainError(
        "not-finite",
        `update ${step} stopped: ${bad} is not finite (learning rate ${learningRate}); the state is that before the update`,
        { subject: bad },
      );
    }
    held = mapValues(held, (old, name) => results[nextName(name)] ?? old);
  }
  return {
    state: {
      tensors: Object.fromEntries(Object.keys(before.tensors).map((name) => [name, held[name]!])),
      step: step + 1,
      lossScale: lossScale && nextLossScale(lossScale, { ...setup.lossScale, overflowed: false }),
    },
    result: resultOf(false),
  };

  function resultOf(skipped: boolean): StepResult {
    const loss = Object.values(losses).reduce((sum, value) => sum + value, 0);
    const gradNorm = Math.hypot(...Object.values(gradNorms));
    return { step, loss, losses, gradNorm, gradNorms, learningRate, skipped, watched };
  }
}

/** Runs a graph with those of the available tensors that it takes. */
export async function run(
  session: GraphSession,
  { available, signal }: { readonly available: Tensors; readonly signal: AbortSignal | undefined },
): Promise<Tensors> {
  const feeds = Object.fromEntries(session.inputs.map((name) => [name, available[name]!]));
  return session.run(feeds, signal === undefined ? {} : { signal });
}

/** The name of the first tensor that is not finite: of the batch, or in the order of the report. */
function firstBad(step: {
  readonly report: Float32Array;
  readonly names: readonly string[];
  readonly batch: Tensors;
}): string | undefined {
  const at = step.report.findIndex((value) => !Number.isFinite(value));
  return at < 0 ? undefined : (firstNotFinite(step.batch) ?? step.names[at]);
}

/** The gradients' norm of each set that is clipped together. */
function normsOf(setup: TrainingSetup, squares: Float32Array): Readonly<Record<string, number>> {
  const names = Object.keys(setup.model.parameters);
  return Object.fromEntries(
    Array.from(clipSets(setup), ([set, members]) => {
      const sum = members.reduce((part, name) => part + squares[names.indexOf(name)]!, 0);
      return [set, Math.sqrt(sum)];
    }),
  );
}

function zeroSums({ accumulate, model }: TrainingSetup): Tensors {
  if (accumulate === 1) return {};
  return Object.fromEntries(
    Object.entries(model.parameters).map(([name, { shape, data }]) => [
      sumName(name),
      { dtype: "float32", shape, data: new Float32Array(data.length) },
    ]),
  );
}

function number(value: number): Tensor {
  return { dtype: "float32", shape: [], data: Float32Array.of(value) };
}
