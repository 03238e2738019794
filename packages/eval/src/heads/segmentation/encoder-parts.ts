// Tensors of an encoder that a training holds in parts, because its graph reads them so: query, key and value of the
// fused projection, class token and patches of the position embedding. Parts are called `<tensor>@<number>`.

import { elementCount, type Tensor } from "@internvit/model-core";
import type { Tensors } from "@internvit/train";

/** The tensor that a part belongs to; a whole tensor's own name. */
export function wholeName(name: string): string {
  return name.replace(/@\d+$/, "");
}

/** Whole tensors, under the names of published checkpoints, in the order in which they are first met. */
export function joinParts(tensors: Tensors): Tensors {
  const parts = new Map<string, { readonly name: string; readonly tensor: Tensor }[]>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const whole = wholeName(name);
    parts.set(whole, [...(parts.get(whole) ?? []), { name, tensor }]);
  }
  return Object.fromEntries(
    [...parts].map(([whole, found]) => [
      whole,
      found.length === 1 ? found[0]!.tensor : join(found),
    ]),
  );
}

function join(parts: readonly { readonly name: string; readonly tensor: Tensor }[]): Tensor {
  const ordered = parts.toSorted((a, b) => numberOf(a.name) - numberOf(b.name));
  const shapes = ordered.map(({ tensor }) => tensor.shape);
  // Position embeddings have an axis of one before that of the tokens.
  const axis = shapes[0]!.length === 3 ? 1 : 0;
  const size = shapes.reduce((sum, shape) => sum + shape[axis]!, 0);
  const shape = shapes[0]!.with(axis, size);
  const data = new Float32Array(elementCount(shape));
  let at = 0;
  for (const { tensor } of ordered) {
    data.set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { dtype: "float32", shape, data };
}

function numberOf(name: string): number {
  return Number(/@(\d+)$/.exec(name)?.[1] ?? 0);
}
