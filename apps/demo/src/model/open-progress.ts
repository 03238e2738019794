// How far the opening of a model is, in words and bytes. runtime-web counts the bytes of the files that a session reads,
// in their number format; a visitor was told how large the download is, so that is what is counted here.

import type { WeightProgress } from "@internvit/runtime-web";

/** How far it is. */
export interface OpenProgress {
  readonly step: string;
  /** Bytes, where they are counted. */
  readonly done?: number;
  readonly total?: number;
}

/** Translates what runtime-web says; `downloadBytes` is the size of the download where it is known. */
export function toOpenProgress(
  downloadBytes: number | undefined,
): (progress: WeightProgress) => OpenProgress {
  let most = 0;
  return ({ phase, loadedBytes, totalBytes }) => {
    switch (phase) {
      case "wait":
        return { step: "Another tab is loading it; waiting for that" };
      case "check":
        return { step: "Checking what is kept", done: loadedBytes, total: totalBytes };
      case "session":
        return { step: "Starting the encoder" };
      case "fetch": {
        // 8 bits are made in two passes: the weights are downloaded, then converted.
        const isSecondPass = loadedBytes < most;
        most = isSecondPass ? Infinity : loadedBytes;
        if (isSecondPass) return { step: "Converting", done: loadedBytes, total: totalBytes };
        const total = downloadBytes ?? totalBytes;
        const done = totalBytes === 0 ? 0 : (total * loadedBytes) / totalBytes;
        return { step: "Downloading", done, total };
      }
    }
  };
}
