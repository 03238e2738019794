// A golden checkpoint as Blobs, as if a user had picked its files.

import type { CheckpointDirectory, Tensor } from "@internvit/model-core";
import { blobDirectory } from "@internvit/runtime-web";
import { fetchBytes, goldenUrl } from "@internvit/test-kit/browser";

/** The files of a golden checkpoint of one weight file. */
export async function goldenFiles(name: string): Promise<ReadonlyMap<string, Blob>> {
  const files = new Map<string, Blob>();
  for (const file of ["config.json", "model.safetensors"]) {
    files.set(file, new Blob([await fetchBytes(goldenUrl(name, file))]));
  }
  return files;
}

/** Its folder. */
export async function goldenBlobs(name: string): Promise<CheckpointDirectory> {
  return blobDirectory(name, await goldenFiles(name));
}

/** Pictures of 112 pixels that are no two alike. */
export function pictures(count: number): Tensor<"uint8"> {
  const data = Uint8Array.from({ length: count * 112 * 112 * 3 }, (_, i) => (i * 7919) % 251);
  return { dtype: "uint8", shape: [count, 112, 112, 3], data };
}
