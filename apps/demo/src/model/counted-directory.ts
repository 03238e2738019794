// A checkpoint's directory that tells how many bytes were read from it.

import type { CheckpointDirectory } from "@internvit/model-core";

/** The same directory; `onBytes` hears of every read's bytes when they have come. */
export function countedDirectory(
  directory: CheckpointDirectory,
  onBytes: (count: number) => void,
): CheckpointDirectory {
  return {
    ...directory,
    async open(name) {
      const source = await directory.open(name);
      if (source === undefined) return undefined;
      return {
        ...source,
        async read(start, end, signal) {
          const bytes = await source.read(start, end, signal);
          onBytes(bytes.byteLength);
          return bytes;
        },
      };
    },
  };
}
