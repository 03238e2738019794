// The file of a download under way, with its journal. It has its full length from the start and pieces are written
// where they belong, in any order. The final name appears by one rename, after everything was flushed.

import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { HubError } from "../errors.ts";
import { diskError, fileSize, isMissing, makeFolder, syncFolder } from "./disk.ts";
import { etagLine, finishedLine, type Journal, journalHeader, parseJournal } from "./journal.ts";
import { fingerprint, type TransferPlan } from "./transfer-plan.ts";

/** A download under way. Only its owner (lock.ts) may have one. */
export interface PartialFile {
  /** Pieces that an earlier process finished. */
  readonly finished: ReadonlySet<number>;
  /** ETags of the sources in earlier processes. */
  readonly etags: ReadonlyMap<number, string>;
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills the buffer from a place in the file. */
  read(buffer: Uint8Array, position: number): Promise<void>;
  noteEtag(source: number, etag: string): Promise<void>;
  /** Notes that a piece was written; it is flushed first. */
  noteFinished(piece: number): Promise<void>;
  /** Flushes the file and gives it its final name. */
  publish(path: string): Promise<void>;
  /** Removes file and journal. */
  discard(): Promise<void>;
  /** Closes it; what is finished stays for a later process. */
  close(): Promise<void>;
}

/** Where a partial file and its journal are. */
export interface PartialPaths {
  readonly part: string;
  readonly journal: string;
}

/**
 * Opens the partial file of a plan: the one that is there when the same plan began it, else a new one.
 *
 * @throws HubError `disk-full` or `io`.
 */
export async function openPartialFile(
  { part, journal }: PartialPaths,
  plan: TransferPlan,
): Promise<PartialFile> {
  const what = `writing ${part} (${plan.size} bytes)`;
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw diskError(cause, what);
    }
  };
  await makeFolder(dirname(part));
  const known = await guard(readState({ part, journal }, plan));
  const { file, log } = await guard(openFiles({ part, journal }, { plan, known }));

  let appended: Promise<unknown> = Promise.resolve();
  const append = (line: string): Promise<unknown> => {
    // One after the other, so that lines do not mix.
    appended = appended.then(() => log.appendFile(line));
    return appended;
  };
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await Promise.all([file.close(), log.close()]);
  };
  return {
    finished: known?.finished ?? new Set(),
    etags: known?.etags ?? new Map(),
    write: (bytes, position) => guard(writeAll(file, { bytes, position })),
    read: (buffer, position) => guard(readAll(file, { buffer, position, path: part })),
    noteEtag: async (source, etag) => void (await guard(append(etagLine(source, etag)))),
    async noteFinished(piece) {
      await guard(file.datasync());
      await guard(append(finishedLine(piece)));
    },
    async publish(path) {
      await guard(file.sync());
      await guard(close());
      await makeFolder(dirname(path));
      await guard(rename(part, path));
      await syncFolder(dirname(path));
      await guard(rm(journal, { force: true }));
    },
    async discard() {
      await guard(close());
      // The journal first: it must not outlive the bytes that it speaks of.
      await guard(rm(journal, { force: true }));
      await guard(rm(part, { force: true }));
    },
    close: () => guard(close()),
  };
}

async function readState(
  { part, journal }: PartialPaths,
  plan: TransferPlan,
): Promise<Journal | undefined> {
  if ((await fileSize(part)) !== plan.size) return undefined;
  const text = await readFile(journal, "latin1").catch((cause: unknown) => {
    if (isMissing(cause)) return "";
    throw cause;
  });
  return parseJournal(text, { fingerprint: fingerprint(plan), pieces: plan.pieces.length });
}

async function openFiles(
  { part, journal }: PartialPaths,
  { plan, known }: { readonly plan: TransferPlan; readonly known: Journal | undefined },
): Promise<{ readonly file: FileHandle; readonly log: FileHandle }> {
  let file: FileHandle | undefined;
  let log: FileHandle | undefined;
  try {
    if (known !== undefined) {
      file = await open(part, "r+");
      log = await open(journal, "r+");
      await log.truncate(known.byteLength);
      await log.close();
      log = await open(journal, "a");
      return { file, log };
    }
    await rm(journal, { force: true });
    file = await open(part, "w+");
    await file.truncate(plan.size);
    await writeAll(file, { bytes: plan.prefix, position: 0 });
    await file.sync();
    log = await open(journal, "a");
    await log.appendFile(journalHeader(fingerprint(plan)));
    return { file, log };
  } catch (error) {
    await file?.close().catch(() => undefined);
    await log?.close().catch(() => undefined);
    throw error;
  }
}

async function writeAll(
  file: FileHandle,
  { bytes, position }: { readonly bytes: Uint8Array; readonly position: number },
): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, done, undefined, position + done);
    done += bytesWritten;
  }
}

async function readAll(
  file: FileHandle,
  what: { readonly buffer: Uint8Array; readonly position: number; readonly path: string },
): Promise<void> {
  const { buffer, position, path } = what;
  for (let done = 0; done < buffer.byteLength;) {
    const { bytesRead } = await file.read(buffer, done, undefined, position + done);
    if (bytesRead === 0) {
      throw new HubError(
        "io",
        `${path} ends at byte ${position + done}: was it cut off while in use?`,
      );
    }
    done += bytesRead;
  }
}
