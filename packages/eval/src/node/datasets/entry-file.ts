// The list of a set's pictures in a file, so that memory does not grow with it: a million pictures are some 50 MB on
// disk and 0.13 MB in memory (8 bytes for every 64 of them). One line of JSON per picture, read back in blocks of 64
// lines, the last few of which are kept.
//
//   {"format":"internvit-entries","version":1,"source":"…"}
//   ["n01440764/a.JPEG",[0],[]]          key, labels, where the bytes are
//   …
//   {"length":…,"listHash":"…",…,"blocks":[…]}
//   0000000000012345                      where the line before begins

import { type FileHandle, open } from "node:fs/promises";

import { EvalError } from "../../errors.ts";
import { ioError } from "../io-error.ts";

/** A picture in an entry file. */
export interface StoredEntry {
  readonly key: string;
  readonly labels: readonly number[];
  /** What the reader of the layout needs to find the bytes. */
  readonly where: readonly number[];
}

/** A list of pictures that can be read at any place. */
export interface EntryFile {
  readonly length: number;
  /** As `ClassificationSet.listHash`. */
  readonly listHash: string;
  /** Pictures of each label, as far as labels occur. */
  readonly labelCounts: readonly number[];
  /** Pictures that have a label. */
  readonly scored: number;
  /** What the writer was given to keep beside the entries. */
  readonly facts: unknown;
  /** @throws EvalError `invalid-argument` outside the list, `io` */
  read(index: number): Promise<StoredEntry>;
  close(): Promise<void>;
}

/** The last line of a list that is kept. */
export interface EntrySummary extends Pick<
  EntryFile,
  "length" | "listHash" | "labelCounts" | "scored" | "facts"
> {
  /** Where each block of entries begins. */
  readonly blocks: readonly number[];
}

/** What the first line says. */
export const ENTRY_FORMAT = { format: "internvit-entries", version: 1 } as const;
/** Entries that are read together. */
export const ENTRIES_PER_BLOCK = 64;
/** Length of the last line without its end. */
export const POINTER_DIGITS = 16;
const BLOCKS_KEPT = 16;

/**
 * A list that was kept; undefined where there is none of this source, or one of another version or a damaged one,
 * which is to be written anew then.
 */
export async function openEntryFile(kept: {
  readonly path: string;
  readonly source: string;
}): Promise<EntryFile | undefined> {
  const file = await open(kept.path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const pointer = await readText(file, { start: size - POINTER_DIGITS - 1, end: size });
    const end = Number(pointer.trimEnd());
    const footer = JSON.parse(
      await readText(file, { start: end, end: size - POINTER_DIGITS - 1 }),
    ) as EntrySummary;
    const [first = 0] = [...footer.blocks, end];
    const header = JSON.parse(await readText(file, { start: 0, end: first })) as Record<
      string,
      unknown
    >;
    if (
      header["format"] === ENTRY_FORMAT.format &&
      header["version"] === ENTRY_FORMAT.version &&
      header["source"] === kept.source
    ) {
      return createEntryReader(footer, { file, path: kept.path, end, close: () => file.close() });
    }
  } catch {
    // Not one of ours, or cut off by a file system that lost it: written anew.
  }
  await file.close();
  return undefined;
}

/** A list for reading; it owns the file. */
export function createEntryReader(
  { blocks, ...summary }: EntrySummary,
  options: {
    readonly file: FileHandle;
    readonly path: string;
    /** Where the entries end. */
    readonly end: number;
    readonly close: () => Promise<void>;
  },
): EntryFile {
  const { length } = summary;
  const { file, path, end, close } = options;
  const kept = new Map<number, Promise<readonly string[]>>();
  const readBlock = async (block: number): Promise<readonly string[]> => {
    const range = { start: blocks[block]!, end: blocks[block + 1] ?? end };
    const text = await readText(file, range).catch((cause: unknown) => {
      throw ioError(`the list of pictures ${path} cannot be read`, { subject: path, cause });
    });
    return text.split("\n");
  };
  let closing: Promise<void> | undefined;
  return {
    ...summary,
    async read(index) {
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw new EvalError(
          "invalid-argument",
          `expected the index of one of ${length} pictures, from 0, found ${index}`,
        );
      }
      const block = Math.floor(index / ENTRIES_PER_BLOCK);
      const lines = kept.get(block) ?? readBlock(block);
      // The last one that was asked for is the last one to go.
      kept.delete(block);
      kept.set(block, lines);
      if (kept.size > BLOCKS_KEPT) kept.delete(kept.keys().next().value!);
      try {
        const line = (await lines)[index % ENTRIES_PER_BLOCK]!;
        const [key, labels, where] = JSON.parse(line) as [string, number[], number[]];
        return { key, labels, where };
      } catch (error) {
        kept.delete(block);
        throw error;
      }
    },
    close: () => (closing ??= close()),
  };
}

async function readText(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<string> {
  const bytes = Buffer.alloc(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error(`it ends at byte ${start + done}, expected ${end}`);
    done += bytesRead;
  }
  return bytes.toString("utf8");
}
