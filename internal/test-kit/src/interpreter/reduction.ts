// Sums, means and maxima along axes, softmax and the norms.

import { at, type Float64Tensor, frontAxis, indices, tabulate } from "./array.ts";
import type { Attributes, Operator } from "./node.ts";

/** `combine` of all elements along some axes, which are kept with the size 1. */
function along(
  x: Float64Tensor,
  axes: readonly number[],
  combine: (values: readonly number[]) => number,
): Float64Tensor {
  const places = indices(x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)));
  return tabulate(
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    (index) =>
      combine(
        places.map((place) =>
          at(
            x,
            index.map((i, axis) => i + place[axis]!),
          ),
        ),
      ),
  );
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

const reduce =
  (combine: (values: readonly number[]) => number): Operator =>
  ([x, given], attributes) => {
    const listed = Array.from(given?.data ?? [], (axis) => frontAxis(axis, x!.shape.length));
    const axes = listed.length > 0 ? listed : x!.shape.map((_, axis) => axis);
    const kept = along(x!, axes, combine);
    if (attributes.number("keepdims", 1) === 1) return [kept];
    return [{ shape: kept.shape.filter((_, axis) => !axes.includes(axis)), data: kept.data }];
  };

function softmax(x: Float64Tensor, attributes: Attributes): Float64Tensor {
  const axes = [frontAxis(attributes.number("axis", -1), x.shape.length)];
  const largest = along(x, axes, (values) => Math.max(...values));
  const powers = tabulate(x.shape, (index) => Math.exp(at(x, index) - at(largest, index)));
  const total = along(powers, axes, sum);
  return tabulate(x.shape, (index) => at(powers, index) / at(total, index));
}

export const REDUCTION: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce(sum),
  ReduceMean: reduce(mean),
  ReduceMax: reduce((values) => Math.max(...values)),
  Softmax: ([x], attributes) => [softmax(x!, attributes)],
  LogSoftmax: ([x], attributes) => {
    const { shape, data } = softmax(x!, attributes);
    return [{ shape, data: data.map(Math.log) }];
  },
  LayerNormalization: ([x, weight, bias], attributes) => {
    const last = [x!.shape.length - 1];
    const epsilon = attributes.number("epsilon", 1e-5);
    const middle = along(x!, last, mean);
    const inverse = along(x!, last, (values) => {
      const center = mean(values);
      return 1 / Math.sqrt(mean(values.map((value) => (value - center) ** 2)) + epsilon);
    });
    const result = tabulate(x!.shape, (index) => {
      const normalized = (at(x!, index) - at(middle, index)) * at(inverse, index);
      return normalized * at(weight!, index) + (bias === undefined ? 0 : at(bias, index));
    });
    return [result, middle, inverse];
  },
  SimplifiedLayerNormalization: ([x, weight], attributes) => {
    const epsilon = attributes.number("epsilon", 1e-5);
    const inverse = along(
      x!,
      [x!.shape.length - 1],
      (values) => 1 / Math.sqrt(mean(values.map((value) => value * value)) + epsilon),
    );
    return [
      tabulate(x!.shape, (index) => at(x!, index) * at(inverse, index) * at(weight!, index)),
      inverse,
    ];
  },
};
