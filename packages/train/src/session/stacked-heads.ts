// The heads of a grid as one stack: the model of one head is written into a graph of its own, and that graph once for all
// heads into the training's. Tensors of the heads are put together on the way in and taken apart on the way out, so that
// state, groups and clipping are those of separate heads.

import { createGraphBuilder, type GraphBuilder, type Value } from "@internvit/model-core";
import { concat, reshape, slice } from "@internvit/model-core/onnx";

import { sizesOf } from "../sizes.ts";
import type { Stackable } from "../stacking/stacking-call.ts";
import { writeStacked } from "../stacking/write-stacked.ts";
import type { LossCall, ModelCall, ModelResults, TrainingLoss, TrainingModel } from "./model.ts";
import { isValue, mapValues, type Values } from "./write-model.ts";

/** What stands before every name of the graph of one head. */
const SCOPE = "head";

/** Writes model and loss of all heads; gives the results of each, in the order of `names`. */
export type HeadWriters = (heads: {
  readonly model: TrainingModel;
  readonly loss: TrainingLoss;
  readonly names: readonly string[];
}) => {
  readonly model: (graph: GraphBuilder, call: ModelCall) => readonly ModelResults[];
  readonly loss: (graph: GraphBuilder, call: LossCall) => readonly (Value | Values)[];
};

/** One stack of all heads. */
export const stackedHeads: HeadWriters = ({ model, loss, names }) => {
  // What the model has written into a graph, for the loss that follows in the same.
  const written = new WeakMap<GraphBuilder, Stackables>();
  return {
    model(graph, call) {
      const one = oneHead(graph, names.length);
      const together = (find: (name: string) => Value) => (name: string) => ({
        value: join(
          graph,
          names.map((head) => find(`${head}/${name}`)),
        ),
        stacked: true,
      });
      const { outputs, buffers = {} } = one.build((own) =>
        model.build(own, {
          ...call,
          parameter: one.reader("parameter", together(call.parameter)),
          buffer: one.reader("buffer", together(call.buffer)),
        }),
      );
      const results = one.write({ outputs, buffers });
      written.set(graph, results["outputs"]!);
      return names.map((_, at) => ({
        outputs: partsOf(graph, results["outputs"]!, at),
        buffers: partsOf(graph, results["buffers"]!, at),
      }));
    },
    loss(graph, call) {
      const one = oneHead(graph, names.length);
      const output = one.reader(
        "output",
        (name) =>
          written.get(graph)?.[name] ?? {
            // Throws, with the names that there are.
            value: call.output(`${names[0]}/${name}`),
            stacked: false,
          },
      );
      const built = one.build((own) => loss.build(own, { ...call, output }));
      const { losses } = one.write({ losses: isValue(built) ? { loss: built } : built });
      return names.map((_, at) => {
        const parts = partsOf(graph, losses!, at);
        return isValue(built) ? parts["loss"]! : parts;
      });
    },
  };
};

type Stackables = Readonly<Record<string, Stackable>>;

/** A graph for what one head computes, and its way into the graph of all. */
function oneHead(
  graph: GraphBuilder,
  heads: number,
): {
  /** Everything is named in a scope, so that no name is one of the large graph. */
  readonly build: <T>(build: (own: GraphBuilder) => T) => T;
  /** A function that gives a value for one head under a name, in place of the one for all. */
  readonly reader: (kind: string, find: (name: string) => Stackable) => (name: string) => Value;
  /** Writes groups of results into the large graph. */
  readonly write: (
    groups: Readonly<Record<string, Values>>,
  ) => Readonly<Record<string, Stackables>>;
} {
  const own = createGraphBuilder();
  const inputs = new Map<string, Stackable>();
  return {
    build: (build) =>
      own.scope(SCOPE, () =>
        build({
          ...own,
          // Values of the large graph are read as they are: they are the same for all heads.
          value: (name) => (name.startsWith(`${SCOPE}/`) ? own : graph).value(name),
        }),
      ),
    reader: (kind, find) => (name) => {
      const key = `${SCOPE}/${kind}/${name}`;
      if (inputs.has(key)) return own.value(key);
      const found = find(name);
      inputs.set(key, found);
      const shape = sizesOf(found.value);
      return own.input(key, found.value.dtype, found.stacked ? shape.slice(1) : shape);
    },
    write(groups) {
      for (const [group, values] of Object.entries(groups)) {
        for (const [name, value] of Object.entries(values)) own.output(`${group}/${name}`, value);
      }
      const { graph: finished } = own.finish(SCOPE);
      const results = writeStacked(graph, { graph: finished, heads, inputs });
      return mapValues(groups, (values, group) =>
        mapValues(values, (_, name) => results.get(`${group}/${name}`)!),
      );
    },
  };
}

/** Tensors of all heads under a new first axis. */
function join(graph: GraphBuilder, parts: readonly Value[]): Value {
  const rows = parts.map((part) => reshape(graph, part, [1, ...sizesOf(part)]));
  return concat(graph, rows, { axis: 0 });
}

/** The results of one head. */
function partsOf(graph: GraphBuilder, results: Stackables, head: number): Values {
  return mapValues(results, ({ value, stacked }) => {
    if (!stacked) return value;
    const row = slice(graph, value, { axis: 0, start: head, end: head + 1 });
    return reshape(graph, row, sizesOf(value).slice(1));
  });
}
