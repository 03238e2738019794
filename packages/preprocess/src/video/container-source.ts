// Bytes as mediabunny reads them. Its own cache is left off and replaced by one here, so that every read is seen:
// mediabunny 1.61 searches a broken Matroska file for the next element over and over without ever pausing, which
// would stop a page or a process for good. Reads that go round in a circle (found as in Brent's cycle detection: is
// the range read again that was read 1, 2, 4, 8 … reads ago?) end in an error instead.

import type { ByteSource } from "@internvit/model-core";
import { CustomSource, type Source } from "mediabunny";

/** How many bytes are read at once: packets follow each other, and most are smaller. */
const WINDOW_BYTES = 256 * 1024;

/** While a file is opened: formats are told apart by reading the same first bytes, a few dozen times at most. */
const MAX_REPEATS_OPENING = 1000;

/** While frames are decoded: a key packet may be read again for every frame that depends on it. */
const MAX_REPEATS_DECODING = 1_000_000;

/** A source for mediabunny. */
export interface ContainerSource {
  readonly source: Source;
  /** Says that the file is open and frames are decoded next. */
  readonly startDecoding: () => void;
}

/** The source over `bytes`, which stays the caller's. */
export function containerSource(bytes: ByteSource): ContainerSource {
  let window: { readonly start: number; readonly data: Uint8Array } = {
    start: 0,
    data: new Uint8Array(0),
  };
  let circle = { start: -1, end: -1, repeats: 0, reads: 0, patience: 1 };
  let maxRepeats = MAX_REPEATS_OPENING;

  const refuseCircles = (start: number, end: number): void => {
    circle.reads++;
    if (circle.start === start && circle.end === end && ++circle.repeats > maxRepeats) {
      throw new Error(`its structure leads back to bytes ${start} to ${end} for ever`);
    }
    if (circle.reads < circle.patience) return;
    circle = { start, end, repeats: 0, reads: 0, patience: circle.patience * 2 };
  };

  const read = (start: number, end: number): Uint8Array | Promise<Uint8Array> => {
    refuseCircles(start, end);
    const offset = start - window.start;
    if (offset >= 0 && end <= window.start + window.data.length) {
      return window.data.subarray(offset, offset + end - start);
    }
    return readWindow(start, end);
  };

  const readWindow = async (start: number, end: number): Promise<Uint8Array> => {
    const reach = Math.min(bytes.byteLength, Math.max(end, start + WINDOW_BYTES));
    const data = await bytes.read(start, reach);
    if (data.length < end - start) {
      throw new Error(`it ends at byte ${start + data.length} of ${bytes.byteLength}`);
    }
    window = { start, data };
    return data.subarray(0, end - start);
  };

  return {
    source: new CustomSource({ getSize: () => bytes.byteLength, read, maxCacheSize: 0 }),
    startDecoding: () => {
      circle = { start: -1, end: -1, repeats: 0, reads: 0, patience: 1 };
      maxRepeats = MAX_REPEATS_DECODING;
    },
  };
}
