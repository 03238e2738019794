// The graph of a step. It reads the whole state and gives the whole next one: an update happens as a whole or not at
// all, and the state can stay on a device. Whether everything is finite is told by a few sums, not by looking at the
// tensors: the report holds the losses, each gradient's squared length, for each new weight 0 · Σ, which is 0 or NaN, and
// the norm of all gradients.

import { type GraphBuilder, type GraphModel, type Value } from "@internvit/model-core";
import { add, concat, div, formatShape, mul } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { gradients } from "../gradients.ts";
import { totals } from "../losses/average.ts";
import { scale } from "../ops/elementwise.ts";
import { movingAverage } from "../optimizers/moving-average.ts";
import { globalNorm, squaredLengths } from "../optimizers/clipping.ts";
import { directOutputs } from "./direct-outputs.ts";
import { lookup } from "./lookup.ts";
import { gradientName, LOSS_SCALE, nextName, REPORT, sumName, watchName } from "./names.ts";
import { rewritten } from "./rewritten.ts";
import { averageName, type TrainingSetup } from "./setup.ts";
import { writeUpdate } from "./write-update.ts";
import {
  mapValues,
  type Values,
  writeLosses,
  writeModel,
  type WrittenModel,
} from "./write-model.ts";

/** Whether a graph adds to the sums of gradients, or ends the update with them. */
export type StepPhase = "accumulate" | "update";

/** The graph of one batch of a step, and how its report is read. */
export interface StepGraph {
  readonly model: GraphModel;
  /** Names of the losses: the report's first numbers. */
  readonly losses: readonly string[];
  /** What each number of the report belongs to. */
  readonly report: readonly string[];
}

/** Writes forward pass, loss, gradients and, at the end of an update, clipping, optimizer and averages. */
export function buildStepGraph(setup: TrainingSetup, phase: StepPhase): StepGraph {
  const { accumulate, watch } = setup;
  const written = writeModel(setup, { mode: "training", inputs: setup.inputs });
  const { parameters, buffers, results } = written;
  const losses = writeLosses(setup, written);
  // Outputs that nobody watches need not be there.
  const watched = Object.entries(results.outputs).flatMap(([name, value]) =>
    watch.includes(name) ? [value] : [],
  );
  const graph = rewritten(written.graph, {
    rewrites: setup.rewrites,
    values: [...Object.values(losses), ...watched, ...Object.values(results.buffers ?? {})],
    withRespectTo: Object.keys(parameters),
  });
  const own = writeGradients(graph, setup, { losses, parameters });
  const sums =
    accumulate === 1
      ? own
      : mapValues(own, (value, name) =>
          add(graph, graph.input(sumName(name), "float32", value.shape), value),
        );
  const squares = squaredLengths(graph, Object.values(sums));
  const changed = changedBuffers(written);
  const updated =
    phase === "update" ? writeUpdate(graph, setup, { parameters, gradients: sums, squares }) : {};
  const next = { ...changed, ...updated };
  const weights = Object.entries(next).filter(([name]) => name in parameters || name in buffers);
  const report = [
    ...Object.values(losses),
    squares,
    ...(weights.length === 0
      ? []
      : [
          scale(
            graph,
            totals(
              graph,
              weights.map(([, value]) => value),
            ),
            0,
          ),
        ]),
    globalNorm(graph, squares),
  ];
  graph.output(REPORT, concat(graph, report, { axis: 0 }));
  const averages = phase === "update" ? writeAverages(graph, setup, { written, next }) : {};
  const rest = phase === "update" ? averages : mapKeys(sums, sumName);
  for (const [name, value] of Object.entries({ ...next, ...rest })) {
    graph.output(nextName(name), value);
  }
  const watchable = lookup("output or gradient", {
    ...results.outputs,
    ...mapKeys(own, gradientName),
  });
  for (const name of watch) graph.output(watchName(name), watchable(name));
  return {
    model: directOutputs(graph.finish("training step")),
    losses: Object.keys(losses),
    report: [
      ...Object.keys(losses),
      ...Object.keys(own).map(gradientName),
      ...weights.map(([name]) => nextName(name)),
      "the norm of all gradients",
    ],
  };
}

/** The gradients of this batch's part of the loss. */
function writeGradients(
  graph: GraphBuilder,
  { accumulate, lossScale, fusedMatMul, recompute }: TrainingSetup,
  { losses, parameters }: { readonly losses: Values; readonly parameters: Values },
): Values {
  const loss = Object.values(losses).reduce((sum, value) => add(graph, sum, value));
  const factor = lossScale && graph.input(LOSS_SCALE, "float32", []);
  const computed = gradients(graph, factor === undefined ? loss : mul(graph, loss, factor), {
    withRespectTo: Object.values(parameters),
    fusedMatMul,
    recompute: recompute(graph),
  });
  const names = Object.keys(parameters);
  return Object.fromEntries(
    computed.map((gradient, at) => {
      const part = scale(graph, gradient, 1 / accumulate);
      return [names[at]!, factor === undefined ? part : div(graph, part, factor)];
    }),
  );
}

function changedBuffers({ buffers, results }: WrittenModel): Values {
  return mapValues(results.buffers ?? {}, (value, name) => {
    const { shape } = lookup("buffer", buffers)(name);
    if (formatShape(shape) === formatShape(value.shape)) return value;
    throw new TrainError(
      "mismatch",
      `buffer ${name}: expected ${formatShape(shape)} after a step, got ${formatShape(value.shape)}`,
      { subject: name },
    );
  });
}

function writeAverages(
  graph: GraphBuilder,
  { averageDecay: decay }: TrainingSetup,
  { written, next }: { readonly written: WrittenModel; readonly next: Values },
): Values {
  if (decay === undefined) return {};
  const weights = { ...written.parameters, ...written.buffers, ...next };
  const names = Object.keys({ ...written.parameters, ...written.buffers });
  return Object.fromEntries(
    names.map((name) => {
      const value = weights[name]!;
      const average = graph.input(averageName(name), "float32", value.shape);
      return [averageName(name), movingAverage(graph, average, { value, decay })];
    }),
  );
}

function mapKeys(values: Values, change: (name: string) => string): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Value] => [change(name), value]),
  );
}
