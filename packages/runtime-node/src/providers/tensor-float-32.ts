// TensorFloat-32: NVIDIA's matrix units round float32 operands to 10 bits of fraction, and ONNX Runtime lets them
// unless the driver is told otherwise. The driver reads its variable once, when the first session is made, from the
// process's environment, which only the main thread can write (threads have copies).

import { isMainThread } from "node:worker_threads";

const VARIABLE = "NVIDIA_TF32_OVERRIDE";

/** Tells the driver to compute in true float32, unless the environment says something already. */
export function turnOffTensorFloat32(): void {
  if (isMainThread) process.env[VARIABLE] ??= "0";
}

/** What to know about float32 on an NVIDIA card in this process, or undefined when it is exact. */
export function tensorFloat32Note(
  value: string | undefined = process.env[VARIABLE],
  onMainThread: boolean = isMainThread,
): string | undefined {
  if (value === "0") return undefined;
  if (value !== undefined) {
    return `${VARIABLE}=${value} is set: matrix products may be rounded to TensorFloat-32 (10 bits of fraction). Unset it for true float32`;
  }
  return onMainThread
    ? undefined
    : `TensorFloat-32 cannot be turned off from a worker thread: start the process with ${VARIABLE}=0 for true float32`;
}
