// Bytes as mediabunny reads them. Its own cache is left off and replaced by one here, so that every read is seen:
// mediabunny 1.61 reads the end of a broken Matroska file over and over without ever pausing, which would stop a
// page or a process for good. A range that is read again and again ends the reading instead.

import type { ByteSource } from "@internvit/model-core";
import { CustomSource, type Source } from "mediabunny";

/** How many bytes are read at once: packets follow each other, and most are smaller. */
const WINDOW_BYTES = 256 * 1024;

/** Formats are told apart by reading the same first bytes again, a few dozen times at most. */
const MAX_REPEATED_READS = 1000;

/** A source for mediabunny. */
export interface ContainerSource {
  readonly source: Source;
  /** Says that what follows may read the same bytes again with good reason. */
  readonly startOver: () => void;
}

/** The source over `bytes`, which stays the caller's. */
export function containerSource(bytes: ByteSource): ContainerSource {
  let window: { readonly start: number; readonly data: Uint8Array } = {
    start: 0,
    data: new Uint8Array(0),
  };
  let previous = { start: -1, end: -1, repeats: 0 };

  const countRepeats = (start: number, end: number): void => {
    const again = previous.start === start && previous.end === end;
    previous = { start, end, repeats: again ? previous.repeats + 1 : 0 };
    if (previous.repeats > MAX_REPEATED_READS) {
      throw new Error(`its structure leads nowhere at bytes ${start} to ${end}`);
    }
  };

  const read = (start: number, end: number): Uint8Array | Promise<Uint8Array> => {
    countRepeats(start, end);
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
    startOver: () => {
      previous = { start: -1, end: -1, repeats: 0 };
    },
  };
}
