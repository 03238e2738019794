// The forward pass of evaluation, for batches of any size.

import type { GraphModel } from "@internvit/model-core";

import type { BatchInput, Tensors } from "./model.ts";
import { lossName, outputName } from "./names.ts";
import type { EvaluationResult } from "./session.ts";
import type { TrainingSetup } from "./setup.ts";
import { writeLosses, writeModel } from "./write-model.ts";

/**
 * What an evaluation of a batch expects: the model's inputs without those of training only, and the loss's where the
 * batch has any of them; sizes are the batch's own.
 */
export function evaluationInputs(
  batch: Tensors,
  { model, loss }: TrainingSetup,
): Readonly<Record<string, BatchInput>> {
  const withLoss = Object.keys(loss.inputs).some((name) => Object.hasOwn(batch, name));
  const inputs = { ...model.inputs, ...(withLoss ? loss.inputs : {}) };
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
  setup: TrainingSetup,
  inputs: Readonly<Record<string, BatchInput>>,
): GraphModel {
  const written = writeModel(setup, { mode: "evaluation", inputs });
  const { graph } = written;
  for (const [name, value] of Object.entries(written.results.outputs)) {
    graph.output(outputName(name), value);
  }
  if (Object.keys(setup.loss.inputs).every((name) => Object.hasOwn(inputs, name))) {
    for (const [name, value] of Object.entries(writeLosses(setup, written))) {
      graph.output(lossName(name), value);
    }
  }
  return setup.rewrites.reduce((model, rewrite) => rewrite(model), graph.finish("evaluation"));
}

/** What the graph gave. */
export function evaluationResult(results: Tensors): EvaluationResult {
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
