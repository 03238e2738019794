// Tensors of several steps in one, as `loopSteps` takes and gives them.

import { elementCount, type Tensor } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";

/**
 * Tensors of one element type and shape as one, [K, …], in new memory.
 *
 * @param options.share takes tensors that lie one behind the other in one buffer as they are. Default: false
 * @throws TrainError `mismatch` for a tensor that is not like the first, `invalid-argument` for none
 */
export function stackTensors(
  tensors: readonly Tensor[],
  { share = false }: { readonly share?: boolean } = {},
): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new TrainError("invalid-argument", "no tensors to stack");
  const { dtype, shape } = first;
  for (const [at, tensor] of tensors.entries()) {
    if (tensor.dtype === dtype && formatShape(tensor.shape) === formatShape(shape)) continue;
    throw new TrainError(
      "mismatch",
      `step ${at}: expected ${dtype} ${formatShape(shape)} as in step 0, got ${tensor.dtype} ${formatShape(tensor.shape)}`,
    );
  }
  const Elements = first.data.constructor as Uint8ArrayConstructor;
  const stacked = [tensors.length, ...shape];
  const length = tensors.length * elementCount(shape);
  const { buffer, byteOffset } = first.data;
  const behind = tensors.every(
    ({ data }, at) =>
      data.buffer === buffer && data.byteOffset === byteOffset + at * first.data.byteLength,
  );
  if (share && behind) {
    return { dtype, shape: stacked, data: new Elements(buffer, byteOffset, length) } as Tensor;
  }
  const data = new Elements(length);
  const bytes = new Uint8Array(data.buffer);
  for (const [at, { data: part }] of tensors.entries()) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at * part.byteLength);
  }
  return { dtype, shape: stacked, data } as Tensor;
}

/** What one step of K gave: a view of row `step` of a tensor [K, …]. */
export function stepOf({ dtype, shape, data }: Tensor, step: number): Tensor {
  const [, ...rest] = shape;
  const size = elementCount(rest);
  return { dtype, shape: rest, data: data.subarray(step * size, (step + 1) * size) } as Tensor;
}
