// Several heads on the same features in one graph: a grid of learning rates and weight decays is one training whose
// batches are read and moved once. Each head keeps its own small subgraph, which on the CPU is faster than one wide
// product, because each head's weights stay in the cache; or all are computed by one stack of products, which fills a GPU.
// The state is the same either way: the tensors of each head under its own name.

import type { Value } from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import type { ParameterGroup } from "../optimizers/optimizer.ts";
import type { TrainingLoss, TrainingModel } from "./model.ts";
import type { TrainingOptions } from "./setup.ts";
import { type HeadWriters, stackedHeads } from "./stacked-heads.ts";
import { isValue } from "./write-model.ts";

/** What is trained, once for each head. */
export interface HeadGridOptions {
  readonly model: TrainingModel;
  readonly loss: TrainingLoss;
  /** As in `TrainingOptions`, for the head's own names; a head's rate is its scale times the group's. */
  readonly group?: TrainingOptions["group"];
  /** By the head's name: how it differs from the others. */
  readonly heads: Readonly<
    Record<string, Pick<ParameterGroup, "learningRateScale" | "weightDecay">>
  >;
  /**
   * `separate`: a subgraph for each head, for the CPU. `stacked`: forwards and backwards as one stack of all heads, for a
   * GPU; model and loss are then written once, of operators that can be stacked, and rewrites see the stack. The numbers
   * are the same but for rounding, checkpoints fit both. Default: `separate`, on every device: a training knows none.
   */
  readonly layout?: "separate" | "stacked";
}

/**
 * Model, loss and groups of a training of several heads, for `createTrainingSession`. What a head calls `weight` is
 * `<head>/weight`, its loss among the step's `losses` and its norm among the `gradNorms` have its name; each is clipped
 * on its own. A head's numbers are those of a training of its own.
 *
 * @throws TrainError `invalid-argument` for no heads, or a name that is empty or has a slash
 */
export function headGrid(
  options: HeadGridOptions,
): Pick<TrainingOptions, "model" | "loss"> & Required<Pick<TrainingOptions, "group">> {
  const { model, loss, group = () => ({}), heads, layout = "separate" } = options;
  const names = Object.keys(heads);
  const wrong = names.find((name) => name === "" || name.includes("/"));
  if (names.length === 0 || wrong !== undefined) {
    throw new TrainError(
      "invalid-argument",
      `heads: expected names without "/", got ${wrong === undefined ? "none" : JSON.stringify(wrong)}`,
    );
  }
  const each = <T>(values: (head: string, at: number) => Readonly<Record<string, T>>) =>
    Object.fromEntries(
      names.flatMap((head, at) =>
        Object.entries(values(head, at)).map(
          ([name, value]) => [`${head}/${name}`, value] as const,
        ),
      ),
    );
  const writers = (layout === "stacked" ? stackedHeads : separateHeads)({ model, loss, names });
  return {
    model: {
      inputs: model.inputs,
      ...(model.base && { base: model.base }),
      ...(model.constants && { constants: model.constants }),
      parameters: each(() => model.parameters),
      buffers: each(() => model.buffers ?? {}),
      build(graph, call) {
        const built = writers.model(graph, call);
        return {
          outputs: each((_, at) => built[at]!.outputs),
          buffers: each((_, at) => built[at]!.buffers ?? {}),
        };
      },
    },
    loss: {
      inputs: loss.inputs,
      build(graph, call) {
        const built = writers.loss(graph, call);
        return Object.fromEntries(
          built.flatMap((losses, at): readonly (readonly [string, Value])[] => {
            const head = names[at]!;
            if (isValue(losses)) return [[head, losses]];
            return Object.entries(losses).map(([name, value]) => [`${head}/${name}`, value]);
          }),
        );
      },
    },
    group(name, shape) {
      const head = name.slice(0, name.indexOf("/"));
      const own: ParameterGroup = group(name.slice(head.length + 1), shape);
      const { learningRateScale = 1, weightDecay = own.weightDecay ?? 0 } = heads[head]!;
      return {
        learningRateScale: learningRateScale * (own.learningRateScale ?? 1),
        weightDecay,
        clippedWith: head,
      };
    },
  };
}

/** A subgraph for each head. */
const separateHeads: HeadWriters = ({ model, loss, names }) => ({
  model: (graph, call) =>
    names.map((head) =>
      graph.scope(head, () =>
        model.build(graph, {
          ...call,
          parameter: (name) => call.parameter(`${head}/${name}`),
          buffer: (name) => call.buffer(`${head}/${name}`),
        }),
      ),
    ),
  loss: (graph, call) =>
    names.map((head) =>
      loss.build(graph, { ...call, output: (name) => call.output(`${head}/${name}`) }),
    ),
});
