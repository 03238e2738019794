// How many pictures an encoder should be given at once, by trying.

import type { VisionEncoder } from "@internvit/model-core";

/** Largest batch that is tried: beyond it nothing gets faster, and memory grows. */
export const MAX_AUTO_BATCH = 32;

/** A larger batch has to be this much faster per picture: what is less may be noise. */
const GAIN = 0.95;

/**
 * The smallest batch size, doubled from 1, after which doubling it brings nothing. The encoder must have been made
 * for batches of `MAX_AUTO_BATCH`.
 */
export async function measureBatchSize(
  encoder: VisionEncoder,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<number> {
  const { height, width } = encoder.info.inputSize;
  const timePerPicture = async (count: number): Promise<number> => {
    const data = new Uint8Array(count * height * width * 3).fill(128);
    const pixels = { dtype: "uint8", shape: [count, height, width, 3], data } as const;
    const begin = performance.now();
    await encoder.encode(pixels, signal === undefined ? {} : { signal });
    return (performance.now() - begin) / count;
  };
  // The first run of a size also allocates its memory.
  const measure = async (count: number): Promise<number> => {
    await timePerPicture(count);
    return timePerPicture(count);
  };
  let best = 1;
  let time = await measure(1);
  while (best < MAX_AUTO_BATCH) {
    const next = await measure(best * 2);
    if (next > time * GAIN) break;
    best *= 2;
    time = next;
  }
  return best;
}
