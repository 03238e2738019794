// One or several encoders that take the next batch as soon as they are free.

import type { EncoderFeatures, Tensor, VisionEncoder } from "@internvit/model-core";

import type { StageClock } from "./stage-clock.ts";

/** Encoders behind one queue. */
export interface EncoderQueue {
  /** Runs that can be under way at the same time. */
  readonly depth: number;
  encode(pixels: Tensor<"uint8">): Promise<EncoderFeatures>;
}

/** A queue of batches for these encoders. */
export function createEncoderQueue(
  encoders: readonly VisionEncoder[],
  { clock, signal }: { readonly clock: StageClock; readonly signal: AbortSignal | undefined },
): EncoderQueue {
  const free = encoders.flatMap((encoder) =>
    Array<VisionEncoder>(runsAhead(encoder)).fill(encoder),
  );
  const depth = free.length;
  const waiting: ((encoder: VisionEncoder) => void)[] = [];
  const atWork = new Map<VisionEncoder, { runs: number; readonly end: () => void }>();
  const options = signal === undefined ? {} : { signal };

  /** An encoder is busy as long as it has at least one run. */
  const enter = (encoder: VisionEncoder): void => {
    const work = atWork.get(encoder);
    if (work === undefined) atWork.set(encoder, { runs: 1, end: clock.begin("run") });
    else work.runs++;
  };
  const leave = (encoder: VisionEncoder): void => {
    const work = atWork.get(encoder);
    if (work !== undefined && --work.runs === 0) {
      work.end();
      atWork.delete(encoder);
    }
    const next = waiting.shift();
    if (next === undefined) free.push(encoder);
    else next(encoder);
  };
  return {
    depth,
    async encode(pixels) {
      const encoder =
        free.shift() ?? (await new Promise<VisionEncoder>((resolve) => waiting.push(resolve)));
      enter(encoder);
      try {
        signal?.throwIfAborted();
        return await encoder.encode(pixels, options);
      } finally {
        leave(encoder);
      }
    },
  };
}

/**
 * Runs that an encoder is given at the same time. On a CPU one: the gap between two is a thousandth of a run, and
 * whoever interrupts the program waits for one run only. A GPU is so fast that the next batch must lie ready.
 */
function runsAhead({ info }: VisionEncoder): number {
  return info.executionProvider === "cpu" ? 1 : 2;
}
