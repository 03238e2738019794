// The list of a set's pictures in a file, so that memory does not grow with it: a million pictures are some 70 MB on
// disk and 130 kB in memory (8 bytes for every 64 of them). One line of JSON per picture, read back in blocks of 64 lines, the last few of which
// are kept.
//
//   {"format":"internvit-entries","version":1,"source":"…"}
//   ["n01440764/a.JPEG",[0],[]]          key, labels, where the bytes are
//   …
//   {"length":…,"listHash":"…",…,"blocks":[…]}
//   0000000000012345                      where the line before begins
//
// A list that is quickly made is written anew at each opening, into a file that has no name any more once it is open, so
// that nothing stays behind even after kill -9. One that is kept is complete or absent: it is renamed into place.

import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { listHashLine } from "../../datasets/list-hash.ts";
import { EvalError } from "../../errors.ts";

import { ioError } from "./io-error.ts";

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

/** A list that is being written. */
export interface EntryWriter {
  append(entry: StoredEntry): Promise<void>;
  /** Ends the list and gives it for reading; it owns the file then. */
  finish(facts: unknown): Promise<EntryFile>;
  /** Removes what was written, where it was not finished. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The last line of a list that is kept. */
interface Summary extends Pick<
  EntryFile,
  "length" | "listHash" | "labelCounts" | "scored" | "facts"
> {
  /** Where each block of entries begins. */
  readonly blocks: readonly number[];
}

const FORMAT = "internvit-entries";
const VERSION = 1;
const BLOCK = 64;
const BLOCKS_KEPT = 16;
const WRITE_BYTES = 1 << 18;
const POINTER_DIGITS = 16;

/** Where a list is written. */
export type EntryTarget =
  /** In this folder, or the system's for temporary files, and gone when it is closed. */
  | { readonly folder: string | undefined }
  /** Under this name, for later openings of the same source. */
  | { readonly path: string; readonly source: string };

/**
 * Begins a list.
 *
 * @throws EvalError `io`
 */
export async function createEntryWriter(target: EntryTarget): Promise<EntryWriter> {
  const unique = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const path =
    "path" in target
      ? `${target.path}.${unique}.part`
      : join(target.folder ?? tmpdir(), `internvit-entries-${unique}`);
  const file = await mkdir(dirname(path), { recursive: true })
    .then(() => open(path, "wx+"))
    .catch((cause: unknown) => {
      throw ioError(`the list of pictures ${path} cannot be written`, { subject: path, cause });
    });
  // Windows does not let go of the name of an open file.
  const nameless = !("path" in target) && process.platform !== "win32";
  if (nameless) await rm(path, { force: true });

  const hash = createHash("sha256");
  const blocks: number[] = [];
  const labelCounts: number[] = [];
  let length = 0;
  let scored = 0;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let offset = 0;
  let finished = false;
  const flush = async (): Promise<void> => {
    const text = waiting.join("");
    waiting = [];
    waitingBytes = 0;
    await file.writeFile(text).catch((cause: unknown) => {
      throw ioError(`the list of pictures ${path} cannot be written`, { subject: path, cause });
    });
  };
  const write = (value: unknown): void => {
    const line = `${JSON.stringify(value)}\n`;
    const bytes = Buffer.byteLength(line);
    waiting.push(line);
    waitingBytes += bytes;
    offset += bytes;
  };
  write({ format: FORMAT, version: VERSION, source: "source" in target ? target.source : "" });
  return {
    async append({ key, labels, where }) {
      if (length % BLOCK === 0) blocks.push(offset);
      length++;
      if (labels.length > 0) scored++;
      for (const label of labels) {
        while (labelCounts.length <= label) labelCounts.push(0);
        labelCounts[label]!++;
      }
      hash.update(listHashLine({ key, labels }));
      write([key, labels, where]);
      if (waitingBytes >= WRITE_BYTES) await flush();
    },
    async finish(facts) {
      const end = offset;
      const summary: Summary = {
        length,
        listHash: hash.digest("hex"),
        labelCounts,
        scored,
        facts,
        blocks,
      };
      if ("path" in target) {
        write(summary);
        waiting.push(`${String(end).padStart(POINTER_DIGITS, "0")}\n`);
      }
      await flush();
      if ("path" in target) {
        await file.sync();
        await rename(path, target.path);
      }
      finished = true;
      const close = async (): Promise<void> => {
        await file.close();
        if (!("path" in target) && !nameless) await rm(path, { force: true });
      };
      return createReader(summary, { file, path, end, close });
    },
    async [Symbol.asyncDispose]() {
      if (finished) return;
      await file.close();
      await rm(path, { force: true });
    },
  };
}

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
    ) as Summary;
    const [first = 0] = [...footer.blocks, end];
    const header = JSON.parse(await readText(file, { start: 0, end: first })) as Record<
      string,
      unknown
    >;
    if (
      header["format"] === FORMAT &&
      header["version"] === VERSION &&
      header["source"] === kept.source
    ) {
      return createReader(footer, { file, path: kept.path, end, close: () => file.close() });
    }
  } catch {
    // Not one of ours, or cut off by a file system that lost it: written anew.
  }
  await file.close();
  return undefined;
}

function createReader(
  { blocks, ...summary }: Summary,
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
  const kept = new Map<number, Promise<readonly StoredEntry[]>>();
  const readBlock = async (block: number): Promise<readonly StoredEntry[]> => {
    const range = { start: blocks[block]!, end: blocks[block + 1] ?? end };
    const text = await readText(file, range).catch((cause: unknown) => {
      throw ioError(`the list of pictures ${path} cannot be read`, { subject: path, cause });
    });
    return text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [key, labels, where] = JSON.parse(line) as [string, number[], number[]];
        return { key, labels, where };
      });
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
      const block = Math.floor(index / BLOCK);
      const entries = kept.get(block) ?? readBlock(block);
      // The last one that was asked for is the last one to go.
      kept.delete(block);
      kept.set(block, entries);
      if (kept.size > BLOCKS_KEPT) kept.delete(kept.keys().next().value!);
      try {
        return (await entries)[index % BLOCK]!;
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
