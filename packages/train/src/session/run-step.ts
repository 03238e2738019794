// One step: a state and batches in, the next state and how it went out. The state is held where the graphs run, as tensors
// that never change, so that a step that fails leaves no trace; whichever of the two states is not needed any more is
// released in the end.

import type {
  HeldTensor,
  HeldTensors,
  HolderRunResult,
  HolderSession,
  Tensor,
  TensorHolder,
} from "@internvit/model-core";

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
  readonly session: HolderSession;
}

/** Where a training stands. */
export interface TrainingState {
  readonly tensors: HeldTensors;
  /** Updates done. */
  readonly step: number;
  readonly lossScale: LossScale | undefined;
}

/** What `runStep` works on. */
export interface StepCall {
  readonly setup: TrainingSetup;
  readonly holder: TensorHolder;
  readonly graphs: ReadonlyMap<StepPhase, LoadedStep>;
  /** What no step changes: the model's constants, sums of gradients before the first batch. */
  readonly fixed: HeldTensors;
  readonly batches: readonly Tensors[];
  readonly signal: AbortSignal | undefined;
  /** Whether the batches' buffers may be taken. */
  readonly move: boolean;
}

/**
 * Runs one step. The state that is given is released when there is a next one.
 *
 * @throws TrainError and abort reasons as `TrainingSession.step` says
 */
export async function runStep(
  before: TrainingState,
  call: StepCall,
): Promise<{ readonly state: TrainingState; readonly result: StepResult }> {
  const made: HeldTensor[] = [];
  let after = before;
  try {
    const done = await computeStep(before, { ...call, made });
    after = done.state;
    return done;
  } finally {
    const stay = new Set(Object.values(after.tensors));
    const all = [...Object.values(before.tensors), ...made];
    call.holder.release(all.filter((tensor) => !stay.has(tensor)));
  }
}

async function computeStep(
  before: TrainingState,
  // `made` gets every tensor that the step leaves with the holder.
  { setup, holder, graphs, fixed, batches, signal, move, made }: StepCall & { made: HeldTensor[] },
): Promise<{ readonly state: TrainingState; readonly result: StepResult }> {
  const { accumulate, inputs, schedule, watch } = setup;
  const { step, lossScale } = before;
  const cancel = signal === undefined ? {} : { signal };
  signal?.throwIfAborted();
  if (batches.length !== accumulate) {
    throw new TrainError(
      "invalid-argument",
      `a step takes ${accumulate} batches (accumulate), got ${batches.length}`,
    );
  }
  for (const batch of batches) checkBatch(batch, inputs);
  const learningRate = schedule(step);
  const scalars = scalarsOf(setup, { step, lossScale: lossScale?.scale });

  let state = before.tensors;
  let sums: HeldTensors = {};
  let watched: Tensors = {};
  let gradNorms: StepResult["gradNorms"] = {};
  const losses: Record<string, number> = {};
  for (const [at, batch] of batches.entries()) {
    const graph = graphs.get(at === accumulate - 1 ? "update" : "accumulate")!;
    const moved = move ? await holder.hold(batch, { move, ...cancel }) : undefined;
    made.push(...Object.values(moved ?? {}));
    const { outputs, kept } = await run(graph.session, {
      available: {
        ...fixed,
        ...state,
        ...sums,
        ...(moved ?? batch),
        ...scalars,
      },
      ...cancel,
    });
    made.push(...Object.values(kept));
    const report = outputs[REPORT]!.data as Float32Array;
    watched = Object.fromEntries(watch.map((name) => [name, outputs[watchName(name)]!]));
    gradNorms = normsOf(setup, report.subarray(graph.losses.length));
    for (const [index, name] of graph.losses.entries()) {
      losses[name] = (losses[name] ?? 0) + report[index]! / accumulate;
    }
    const wrong = report.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const bad = firstNotFinite(moved ? await holder.read(moved) : batch) ?? graph.report[wrong]!;
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
    state = mapValues(state, (old, name) => kept[nextName(name)] ?? old);
    sums = Object.fromEntries(
      Object.keys(setup.model.parameters).flatMap((name) => {
        const sum = kept[nextName(sumName(name))];
        return sum === undefined ? [] : [[sumName(name), sum]];
      }),
    );
    // At once, or the sums of all batches would be there together.
    const needed = new Set([...Object.values(state), ...Object.values(sums)]);
    holder.release(made.filter((tensor) => !needed.has(tensor)));
  }
  return {
    state: {
      tensors: state,
      step: step + 1,
      lossScale: lossScale && nextLossScale(lossScale, { ...setup.lossScale, overflowed: false }),
    },
    result: resultOf(false),
  };

  function resultOf(skipped: boolean): StepResult {
    return { step, ...sumsOf(losses, gradNorms), learningRate, skipped, watched };
  }
}

/** What a step says of its losses and of the gradients' norms. */
export function sumsOf(
  losses: StepResult["losses"],
  gradNorms: StepResult["gradNorms"],
): Pick<StepResult, "loss" | "losses" | "gradNorm" | "gradNorms"> {
  const loss = Object.values(losses).reduce((sum, value) => sum + value, 0);
  return { loss, losses, gradNorm: Math.hypot(...Object.values(gradNorms)), gradNorms };
}

/** Runs a graph with those of the available tensors that it takes. */
export async function run(
  session: HolderSession,
  {
    available,
    ...options
  }: {
    readonly available: Readonly<Record<string, Tensor | HeldTensor>>;
    readonly signal?: AbortSignal;
    readonly move?: boolean;
  },
): Promise<HolderRunResult> {
  const feeds = Object.fromEntries(session.inputs.map((name) => [name, available[name]!]));
  return session.run(feeds, options);
}

/** The numbers that an update is fed. */
export function scalarsOf(
  { optimizer, schedule }: Pick<TrainingSetup, "optimizer" | "schedule">,
  { step, lossScale }: { readonly step: number; readonly lossScale?: number | undefined },
): Tensors {
  const own = Object.entries(optimizer.scalars(step));
  const numbers = {
    [LEARNING_RATE]: schedule(step),
    ...Object.fromEntries(own.map(([name, value]) => [scalarName(name), value])),
    ...(lossScale === undefined ? {} : { [LOSS_SCALE]: lossScale }),
  };
  return mapValues(numbers, (value) => ({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(value),
  }));
}

/** The gradients' norm of each set that is clipped together. */
export function normsOf(
  setup: TrainingSetup,
  squares: Float32Array,
): Readonly<Record<string, number>> {
  const names = Object.keys(setup.model.parameters);
  return Object.fromEntries(
    Array.from(clipSets(setup), ([set, members]) => {
      const sum = members.reduce((part, name) => part + squares[names.indexOf(name)]!, 0);
      return [set, Math.sqrt(sum)];
    }),
  );
}
