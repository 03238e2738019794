// Writes the list of a set's pictures. One that is quickly made is written anew at each opening, into a file that has no
// name any more once it is open, so that nothing stays behind even after kill -9. One that is kept is complete or
// absent: it is renamed into place.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { listHashLine } from "../../datasets/list-hash.ts";
import {
  createEntryReader,
  ENTRIES_PER_BLOCK,
  ENTRY_FORMAT,
  type EntryFile,
  type EntrySummary,
  POINTER_DIGITS,
  type StoredEntry,
} from "./entry-file.ts";
import { ioError } from "../io-error.ts";

const WRITE_BYTES = 1 << 18;

/** A list that is being written. */
export interface EntryWriter {
  /** Entries so far. */
  readonly length: number;
  append(entry: StoredEntry): Promise<void>;
  /** Ends the list and gives it for reading; it owns the file then. */
  finish(facts: unknown): Promise<EntryFile>;
  /** Removes what was written, where it was not finished. */
  [Symbol.asyncDispose](): Promise<void>;
}

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
  const failed = (cause: unknown): never => {
    throw ioError(`the list of pictures ${path} cannot be written`, { subject: path, cause });
  };
  const flush = async (): Promise<void> => {
    const text = waiting.join("");
    waiting = [];
    waitingBytes = 0;
    await file.writeFile(text).catch(failed);
  };
  const write = (value: unknown): void => {
    const line = `${JSON.stringify(value)}\n`;
    const bytes = Buffer.byteLength(line);
    waiting.push(line);
    waitingBytes += bytes;
    offset += bytes;
  };
  write({ ...ENTRY_FORMAT, source: "source" in target ? target.source : "" });
  return {
    get length() {
      return length;
    },
    async append({ key, labels, where }) {
      if (length % ENTRIES_PER_BLOCK === 0) blocks.push(offset);
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
      const summary: EntrySummary = {
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
        await file.sync().catch(failed);
        await rename(path, target.path).catch(failed);
      }
      finished = true;
      const close = async (): Promise<void> => {
        await file.close();
        if (!("path" in target) && !nameless) await rm(path, { force: true });
      };
      return createEntryReader(summary, { file, path, end, close });
    },
    async [Symbol.asyncDispose]() {
      if (finished) return;
      await file.close();
      await rm(path, { force: true });
    },
  };
}
