// Tensors of several steps in one, as `loopSteps` takes and gives them.

import { elementCount, type Tensor } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";

/**
 * Tensors of one element type and shape as one, [K, …].
 *
 * @throws TrainError `mismatch` for a tensor that is not like the first, `invalid-argument` for none
 */
export function stackTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new TrainError("invalid-argument", "no tensors to stack");
  const { dtype, shape } = first;
  const Elements = first.data.constructor as Uint8ArrayConstructor;
  const data = new Elements(tensors.length * elementCount(shape));
  const bytes = new Uint8Array(data.buffer);
  for (const [at, tensor] of tensors.entries()) {
    const part = tensor.data;
    if (tensor.dtype !== dtype || formatShape(tensor.shape) !== formatShape(shape)) {
      throw new TrainError(
        "mismatch",
        `step ${at}: expected ${dtype} ${formatShape(shape)} as in step 0, got ${tensor.dtype} ${formatShape(tensor.shape)}`,
      );
    }
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at * part.byteLength);
  }
  return { dtype, shape: [tensors.length, ...shape], data } as Tensor;
}

/** What one step of K gave: a view of row `step` of a tensor [K, …]. */
export function stepOf({ dtype, shape, data }: Tensor, step: number): Tensor {
  const [, ...rest] = shape;
  const size = elementCount(rest);
  return { dtype, shape: rest, data: data.subarray(step * size, (step + 1) * size) } as Tensor;
}
