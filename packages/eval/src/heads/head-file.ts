// A trained head as the bytes of a safetensors file, under the names of published checkpoints.

import {
  bytesSource,
  encodeSafetensors,
  readSafetensorsHeader,
  readTensor,
  type Tensor,
} from "@internvit/model-core";
import type { Tensors } from "@internvit/train";

import { joinBytes } from "../runs/join-bytes.ts";

/** The bytes of a head's weights and running statistics. */
export function encodeHead(
  weights: Tensors,
  options: {
    /** Updates that the running statistics have seen. */
    readonly updates: number;
    readonly metadata: Readonly<Record<string, string>>;
  },
): Uint8Array<ArrayBuffer> {
  const tracked: Tensor = {
    dtype: "int64",
    shape: [],
    data: BigInt64Array.of(BigInt(options.updates)),
  };
  const tensors = new Map([...Object.entries(weights), ["norm.num_batches_tracked", tracked]]);
  return joinBytes(encodeSafetensors(tensors, { metadata: options.metadata }));
}

/**
 * The weights and running statistics in the bytes of `encodeHead`.
 *
 * @throws ModelError `malformed` for bytes that are no safetensors
 */
export async function decodeHead(
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly subject: string },
): Promise<{ readonly weights: Tensors; readonly metadata: ReadonlyMap<string, string> }> {
  const source = bytesSource(bytes);
  const header = await readSafetensorsHeader(source, options);
  const weights: Record<string, Tensor> = {};
  for (const [name, entry] of header.tensors) {
    if (name !== "norm.num_batches_tracked") weights[name] = await readTensor(source, entry);
  }
  return { weights, metadata: header.metadata };
}
