// A trained segmentation head, with the encoder where it was trained, as the bytes of a safetensors file under the names
// of published checkpoints.

import { encodeSafetensors, type Tensor } from "@internvit/model-core";
import type { Tensors } from "@internvit/train";

import { joinBytes } from "../../runs/join-bytes.ts";
import { decodeHead } from "../head-file.ts";
import { joinParts } from "./encoder-parts.ts";

const COUNTER = "num_batches_tracked";

/** The bytes of a session's `weights()`. */
export function encodeSegmentationHead(
  weights: Tensors,
  options: {
    /** Updates that the running statistics have seen. */
    readonly updates: number;
    readonly metadata: Readonly<Record<string, string>>;
  },
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of Object.entries(joinParts(weights))) {
    tensors.set(name, tensor);
    if (!name.endsWith(".running_var")) continue;
    const data = BigInt64Array.of(BigInt(options.updates));
    tensors.set(name.replace(/running_var$/, COUNTER), { dtype: "int64", shape: [], data });
  }
  return joinBytes(encodeSafetensors(tensors, { metadata: options.metadata }));
}

/**
 * The weights and running statistics in the bytes of `encodeSegmentationHead`; those of an encoder as whole tensors.
 *
 * @throws ModelError `malformed` for bytes that are no safetensors
 */
export async function decodeSegmentationHead(
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly subject: string },
): Promise<{ readonly weights: Tensors; readonly metadata: ReadonlyMap<string, string> }> {
  const { weights, metadata } = await decodeHead(bytes, options);
  const kept = Object.entries(weights).filter(([name]) => !name.endsWith(`.${COUNTER}`));
  return { weights: Object.fromEntries(kept), metadata };
}
