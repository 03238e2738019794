// Tensors to and from ONNX Runtime, over the same memory.

import type { DtypeArrays, Tensor } from "@internvit/model-core";
import type * as Onnxruntime from "onnxruntime-node";

import { asSent } from "../large-views.ts";

/** A feed. */
export function toRuntime(
  ort: Pick<typeof Onnxruntime, "Tensor">,
  tensor: Tensor,
): Onnxruntime.Tensor {
  // ORT's typed constructor has one overload per element type; the pair was checked by the sender.
  const data = asSent(tensor).data as Float32Array;
  return new ort.Tensor(tensor.dtype as "float32", data, [...tensor.shape]);
}

/** A result in this thread's memory. */
export function fromRuntime(tensor: Onnxruntime.Tensor): Tensor {
  return {
    dtype: tensor.type as keyof DtypeArrays,
    shape: tensor.dims,
    data: tensor.data as Float32Array,
  };
}

/** Gives a buffer's memory back; it is empty afterwards. */
export function freeBuffer(buffer: ArrayBuffer): void {
  structuredClone(undefined, { transfer: [buffer] });
}
