// Which batches of a partial shard are written: one line of JSON a batch, appended after the batch's rows are on the
// disk. A program that is killed leaves at most one line that is cut off, at the end; it does not count, and the rows
// that it would have been about are written again, to the same place.

import { readFile } from "node:fs/promises";

import type { BadPicture } from "../pipeline/pictures.ts";

/** A batch that is written. */
export interface JournalEntry {
  /** Counted from 0 in its shard. */
  readonly batch: number;
  /** Its pictures that have no row. */
  readonly bad: readonly BadPicture[];
}

/** A journal as it stands on the disk. */
export interface Journal {
  /** Batches 0 to n - 1. */
  readonly entries: readonly JournalEntry[];
  /** Bytes up to the end of the last whole line. */
  readonly byteLength: number;
}

/** The line of a batch. */
export function journalLine(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** The whole lines of a journal up to the first one that cannot be used; none where there is no journal. */
export async function readJournal(path: string): Promise<Journal> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const entries: JournalEntry[] = [];
  let byteLength = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, byteLength);
    if (end < 0) break;
    const entry = parseLine(bytes.toString("utf8", byteLength, end));
    if (entry?.batch !== entries.length) break;
    entries.push(entry);
    byteLength = end + 1;
  }
  return { entries, byteLength };
}

function parseLine(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as JournalEntry | null;
    return Array.isArray(entry?.bad) ? entry : undefined;
  } catch {
    return undefined;
  }
}
