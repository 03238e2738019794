// Training graphs have fixed shapes: a rule that slices, sums or pads needs numbers, and a training step has one batch
// size anyway. One place says so.

import type { Value } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "./errors.ts";

/**
 * The shape of a value, all numbers.
 *
 * @throws TrainError `unsupported` when an axis is symbolic.
 */
export function sizesOf({ name, shape }: Value): readonly number[] {
  return shape.map((size) => {
    if (typeof size === "number") return size;
    throw new TrainError(
      "unsupported",
      `${name} has the shape ${formatShape(shape)}; a graph that is differentiated needs numbers for all axes (build it with a fixed batch)`,
      { subject: name },
    );
  });
}

/** The size of one axis; negative axes count from the end. */
export function sizeOf(value: Value, axis: number): number {
  const size = sizesOf(value).at(axis);
  if (size !== undefined) return size;
  throw new TrainError(
    "mismatch",
    `${value.name}, ${formatShape(value.shape)}, has no axis ${axis}`,
    {
      subject: value.name,
    },
  );
}

/** How many elements a shape has. */
export function countOf(sizes: readonly number[]): number {
  let count = 1;
  for (const size of sizes) count *= size;
  return count;
}
