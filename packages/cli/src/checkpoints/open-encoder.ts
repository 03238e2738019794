// The encoder of a command. A run of ONNX Runtime cannot be stopped, so after an interruption nobody waits for the one
// that is under way: files are in order by then, and the process ends (run-process.ts).

import type { VisionEncoder } from "@internvit/model-core";
import {
  createVisionEncoder,
  type LocalCheckpoint,
  type VisionEncoderOptions,
} from "@internvit/runtime-node";

/** `createVisionEncoder`, but that disposing of the encoder does not wait once `signal` is aborted. */
export async function openEncoder(
  checkpoint: LocalCheckpoint,
  options: VisionEncoderOptions & { readonly signal: AbortSignal },
): Promise<VisionEncoder> {
  const encoder = await createVisionEncoder(checkpoint, options);
  const dispose = async (): Promise<void> => {
    const freed = encoder.dispose();
    if (!options.signal.aborted) return freed;
    // What goes wrong now is less than the interruption.
    freed.catch(() => undefined);
  };
  return { ...encoder, dispose, [Symbol.asyncDispose]: dispose };
}
