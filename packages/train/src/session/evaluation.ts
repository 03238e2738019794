// The forward pass of evaluation, for batches of any size: a graph for each set of shapes, the latest of which are kept.

import type { GraphModel, HeldTensors, HolderSession, TensorHolder } from "@internvit/model-core";

import { cancelBy, loadGraph } from "./begin-training.ts";
import { checkBatch } from "./check-batch.ts";
import type { BatchInput, Tensors } from "./model.ts";
import { lossName, outputName } from "./names.ts";
import { run } from "./run-step.ts";
import type { EvaluationResult } from "./session.ts";
import type { TrainingSetup } from "./setup.ts";
import { writeLosses, writeModel } from "./write-model.ts";

/** Graphs that are kept. */
const MAX_GRAPHS = 4;

/** What is evaluated: a model, and a loss where there is one. */
type EvaluationSetup = Pick<TrainingSetup, "model" | "rewrites"> &
  Partial<Pick<TrainingSetup, "loss">>;

/** Evaluates batches with the tensors that it is given: weights and constants. Calls must not overlap. */
type Evaluate = (
  batch: Tensors,
  options: {
    readonly held: HeldTensors;
    readonly signal?: AbortSignal | undefined;
    /** Whether the batch's buffers may be taken. */
    readonly move?: boolean;
  },
) => Promise<EvaluationResult>;

/** The evaluations of a model; their graphs are the holder's. */
export function createEvaluate(holder: TensorHolder, setup: EvaluationSetup): Evaluate {
  const graphs = new Map<string, HolderSession>();
  return async (batch, { held, signal, move = false }) => {
    const inputs = evaluationInputs(batch, setup);
    checkBatch(batch, inputs);
    const key = JSON.stringify(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    let graph = graphs.get(key);
    if (graph === undefined) {
      graph = await loadGraph(holder, buildEvaluationGraph(setup, inputs), cancelBy(signal));
      graphs.set(key, graph);
      const [oldest] = graphs;
      if (oldest !== undefined && graphs.size > MAX_GRAPHS) {
        graphs.delete(oldest[0]);
        await oldest[1].dispose();
      }
    }
    const available = { ...held, ...batch };
    const { outputs } = await run(graph, { available, move, ...cancelBy(signal) });
    return evaluationResult(outputs);
  };
}

/**
 * What an evaluation of a batch expects: the model's inputs without those of training only, and the loss's where the
 * batch has any of them; sizes are the batch's own.
 */
function evaluationInputs(
  batch: Tensors,
  { model, loss }: EvaluationSetup,
): Readonly<Record<string, BatchInput>> {
  const ofLoss = loss?.inputs ?? {};
  const withLoss = Object.keys(ofLoss).some((name) => Object.hasOwn(batch, name));
  const inputs = { ...model.inputs, ...(withLoss ? ofLoss : {}) };
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([, { trainingOnly = false }]) => !trainingOnly)
      .map(([name, input]) => {
        const shape = batch[name]?.shape;
        const sized = shape !== undefined && shape.length === input.shape.length;
        return [name, sized ? { ...input, shape } : input];
      }),
  );
}

/** The graph for inputs of these shapes, with the loss where its inputs are there. */
export function buildEvaluationGraph(
  setup: EvaluationSetup,
  inputs: Readonly<Record<string, BatchInput>>,
): GraphModel {
  const written = writeModel(setup, { mode: "evaluation", inputs });
  const { graph } = written;
  for (const [name, value] of Object.entries(written.results.outputs)) {
    graph.output(outputName(name), value);
  }
  const { loss } = setup;
  if (loss !== undefined && Object.keys(loss.inputs).every((name) => Object.hasOwn(inputs, name))) {
    for (const [name, value] of Object.entries(writeLosses({ loss }, written))) {
      graph.output(lossName(name), value);
    }
  }
  return setup.rewrites.reduce((model, rewrite) => rewrite(model), graph.finish("evaluation"));
}

/** What the graph gave. */
function evaluationResult(results: Tensors): EvaluationResult {
  const under = (prefix: string) =>
    Object.entries(results).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    );
  const losses = under(lossName("")).map(([name, { data }]) => [name, Number(data[0])] as const);
  return {
    outputs: Object.fromEntries(under(outputName(""))),
    loss: losses.length === 0 ? undefined : losses.reduce((sum, [, value]) => sum + value, 0),
    losses: Object.fromEntries(losses),
  };
}
