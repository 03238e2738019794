// Tensors to and from ONNX Runtime.

import type { DtypeArrays, Tensor } from "@internvit/model-core";
import * as ort from "onnxruntime-web/webgpu";

/** A feed. ONNX Runtime copies it into its own memory when it runs. */
export function toRuntime(tensor: Tensor): ort.Tensor {
  // ORT's typed constructor has one overload per element type; the pair was checked by the sender.
  return new ort.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
}

/** A result; its memory is JavaScript's own. float16 are bits, also where the browser has Float16Array. */
export function fromRuntime({ type, dims, data }: ort.Tensor): Tensor {
  const values = data as Float32Array;
  return {
    dtype: type as keyof DtypeArrays,
    shape: dims,
    data:
      type === "float16"
        ? new Uint16Array(values.buffer, values.byteOffset, values.length)
        : values,
  };
}
