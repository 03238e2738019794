// Shape rules of the operators, with symbolic axes: two names are equal only if they are the same name, and a name
// never equals a number. https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md

import { ModelError } from "../errors.ts";
import type { Dimension } from "./graph.ts";

/** A shape as it is written in messages: `[batch, 1025, 1024]`. */
export function formatShape(shape: readonly Dimension[]): string {
  return `[${shape.join(", ")}]`;
}

/** Refuses an operator's operands, with all their shapes in the message. */
export function refuseShapes(
  operator: string,
  rule: string,
  shapes: readonly (readonly Dimension[])[],
): never {
  throw new ModelError(
    "mismatch",
    `${operator} needs ${rule}, got ${shapes.map(formatShape).join(" and ")}`,
  );
}

/**
 * The common shape of two operands of an elementwise operator.
 *
 * @throws ModelError `mismatch` with both shapes when an axis differs and neither is 1.
 */
export function broadcastShapes(
  operator: string,
  left: readonly Dimension[],
  right: readonly Dimension[],
): readonly Dimension[] {
  const rank = Math.max(left.length, right.length);
  const result: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const a = left[left.length - rank + axis] ?? 1;
    const b = right[right.length - rank + axis] ?? 1;
    if (a !== b && a !== 1 && b !== 1) {
      refuseShapes(operator, "shapes that broadcast", [left, right]);
    }
    result.push(a === 1 ? b : a);
  }
  return result;
}

/** The axis counted from the front; `-1` is the last one. */
export function resolveAxis(operator: string, shape: readonly Dimension[], axis: number): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= shape.length) {
    refuseShapes(operator, `an axis ${axis}`, [shape]);
  }
  return resolved;
}

/** The product of the axes when all are numbers, else undefined. */
export function staticElementCount(shape: readonly Dimension[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== "number") return undefined;
    count *= size;
  }
  return count;
}
