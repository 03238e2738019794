// The last part of a step: gradients clipped, and every parameter updated by the rule of its group.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { mul, reshape, slice, concat } from "@internvit/model-core/onnx";

import { scale } from "../ops/elementwise.ts";
import { clipFactor, globalNorm } from "../optimizers/clipping.ts";
import { sizesOf } from "../sizes.ts";
import { joined, parted, together } from "../vectors-together.ts";
import { LEARNING_RATE, scalarName } from "./names.ts";
import { clipSets, slotName, type TrainingSetup } from "./setup.ts";
import type { Values } from "./write-model.ts";

/** Parameters and what the optimizer keeps for them, after the update. */
export function writeUpdate(
  graph: GraphBuilder,
  setup: TrainingSetup,
  call: {
    readonly parameters: Values;
    readonly gradients: Values;
    /** Of each gradient, [gradients]. */
    readonly squares: Value;
  },
): Values {
  const { optimizer, group } = setup;
  const rate = graph.input(LEARNING_RATE, "float32", []);
  const scalars = Object.fromEntries(
    Object.keys(optimizer.scalars(0)).map((name) => [
      name,
      graph.input(scalarName(name), "float32", []),
    ]),
  );
  const factors = clipFactors(graph, setup, call.squares);
  const known = new Map<string, Values>();
  const ratesOf = (learningRateScale: number, weightDecay: number): Values => {
    const key = `${learningRateScale} ${weightDecay}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const learningRate = scale(graph, rate, learningRateScale);
    const rates = optimizer.rates(graph, { learningRate, scalars, weightDecay });
    known.set(key, rates);
    return rates;
  };
  const names = Object.keys(call.parameters);
  const parameters = Object.values(call.parameters);
  const groups = names.map((name, at) => {
    const { learningRateScale = 1, weightDecay = 0 } = group(name, sizesOf(parameters[at]!));
    return { learningRateScale, weightDecay, factor: factors.get(name) };
  });
  const keyOf = (_: Value, at: number): string => {
    const { learningRateScale, weightDecay, factor } = groups[at]!;
    return `${learningRateScale} ${weightDecay} ${factor?.name}`;
  };
  const next: Record<string, Value> = {};
  for (const places of together(parameters, keyOf)) {
    const { learningRateScale, weightDecay, factor } = groups[places[0]!]!;
    const like = places.map((at) => parameters[at]!);
    const whole = joined(
      graph,
      places.map((at) => call.gradients[names[at]!]!),
    );
    const slots = optimizer.slots.map((slot): [string, Value] => [
      slot,
      joined(
        graph,
        places.map((at) =>
          graph.input(slotName(names[at]!, slot), "float32", sizesOf(parameters[at]!)),
        ),
      ),
    ]);
    graph.scope(`update/${names[places[0]!]}`, () => {
      const clipped = factor === undefined ? whole : mul(graph, whole, factor);
      const parameter = joined(graph, like);
      const updated = optimizer.update(graph, {
        parameter,
        // A factor of shape [1] gives a number without axes one.
        gradient: parameter.shape.length === 0 ? reshape(graph, clipped, []) : clipped,
        slots: Object.fromEntries(slots),
        rates: ratesOf(learningRateScale, weightDecay),
        weightDecay,
      });
      const keep = (value: Value, nameOf: (name: string) => string): void => {
        for (const [index, part] of parted(graph, value, like).entries()) {
          next[nameOf(names[places[index]!]!)] = part;
        }
      };
      keep(updated.parameter, (name) => name);
      for (const slot of optimizer.slots) {
        keep(updated.slots[slot]!, (name) => slotName(name, slot));
      }
    });
  }
  return next;
}

/** The factor of each parameter's gradient; those that are clipped together share it. */
function clipFactors(
  graph: GraphBuilder,
  setup: TrainingSetup,
  squares: Value,
): ReadonlyMap<string, Value> {
  const factors = new Map<string, Value>();
  const { maxGradNorm, model } = setup;
  if (maxGradNorm === undefined) return factors;
  const names = Object.keys(model.parameters);
  for (const members of clipSets(setup).values()) {
    const own =
      members.length === names.length
        ? squares
        : concat(
            graph,
            members.map((name) => {
              const at = names.indexOf(name);
              return slice(graph, squares, { axis: 0, start: at, end: at + 1 });
            }),
            { axis: 0 },
          );
    const factor = clipFactor(graph, globalNorm(graph, own), maxGradNorm);
    for (const name of members) factors.set(name, factor);
  }
  return factors;
}
