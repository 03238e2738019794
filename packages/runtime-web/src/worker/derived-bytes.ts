// The bytes of a planned file, in order.

import type { DerivedGroup, ReadWeights } from "@internvit/model-core";

import { freeBuffer } from "./free-buffer.ts";

/** The groups of a file that have bytes at `from` or after it. */
export function groupsFrom(groups: readonly DerivedGroup[], from: number): readonly DerivedGroup[] {
  return groups.filter(({ tensors }) => {
    const last = tensors.at(-1);
    return last !== undefined && last.start + last.byteLength > from;
  });
}

/**
 * The bytes from `from` on, zeros between the tensors; one group is in memory at a time. What is yielded is gone when the
 * next one is asked for.
 */
export async function* derivedBytes(
  groups: readonly DerivedGroup[],
  { from, read }: { readonly from: number; readonly read: ReadWeights },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let end = from;
  for (const { tensors, make } of groupsFrom(groups, from)) {
    const arrays = await make(read);
    for (const [index, { name, start, byteLength }] of tensors.entries()) {
      const array = arrays[index];
      if (array?.byteLength !== byteLength) {
        throw new Error(`tensor ${name}: expected ${byteLength} bytes, made ${array?.byteLength}`);
      }
      if (start + byteLength <= end) continue;
      if (start > end) {
        yield new Uint8Array(start - end);
        end = start;
      }
      const skipped = end - start;
      yield new Uint8Array(array.buffer, array.byteOffset + skipped, byteLength - skipped);
      end = start + byteLength;
    }
    for (const { buffer } of arrays) freeBuffer(buffer);
  }
}
