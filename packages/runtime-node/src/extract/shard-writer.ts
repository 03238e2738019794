// Writes one shard: batches of rows at their places in a partial file, a line of the journal for each; at the end the
// file gets its name. Every step can be done again from what the one before left on the disk, so the program may be
// killed between any two of them.

import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";

import { float32ToFloat16 } from "@internvit/model-core";

import { writeError } from "../export/write-hashed-file.ts";
import type { BadPicture } from "../pipeline/pictures.ts";
import { hashFile } from "./hash-file.ts";
import { type Journal, journalLine, readJournal } from "./journal.ts";
import { encodeShardIndex } from "./shard-index.ts";
import { type ShardFiles, shardFiles, shardName } from "./shard-files.ts";
import { batchCount, rowBytes, shardLayout, type ShardPlan } from "./shard-plan.ts";
import { syncFolder, writeWholeFile } from "./write-whole-file.ts";

/** Rows of one batch. */
export interface RowBatch {
  /** By output; [rows, …] each. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
  readonly rows: number;
  /** The batch's pictures that have no row. */
  readonly bad: readonly BadPicture[];
}

/** A shard that is being written. */
export interface ShardWriter {
  /** True when every batch is written. */
  readonly complete: boolean;
  append(batch: RowBatch): Promise<void>;
  /** Everything that was appended survives after this. */
  flush(): Promise<void>;
  /** Gives a complete shard its name. Nothing can be appended after this. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds of work that may be lost when the program is killed: syncing is slow on some disks. */
const SYNC_INTERVAL = 250;
const COPY_BYTES = 1 << 20;

/** Batches of a partial shard that are written whole: what the journal says, if the partial file has them. */
export async function readProgress(plan: ShardPlan): Promise<Journal> {
  const files = shardFiles(plan.folder, plan.shard);
  const journal = await readJournal(files.journal);
  const { size } = await stat(files.partial).catch(() => ({ size: 0 }));
  const rows = rowsOf(plan, journal);
  const needed = shardLayout(plan, plan.keys.length).entries.map(
    ({ name, start }) => start + rows * rowBytes(plan.outputs.find((o) => o.name === name)!),
  );
  // Without the rows that it is about a journal means nothing.
  return size >= Math.max(...needed) ? journal : { entries: [], byteLength: 0 };
}

function rowsOf({ keys, batchSize }: ShardPlan, { entries }: Journal): number {
  const pictures = Math.min(entries.length * batchSize, keys.length);
  return entries.reduce((rows, { bad }) => rows - bad.length, pictures);
}

/**
 * Opens a shard where it was left.
 *
 * @throws RuntimeError `no-space` or `io`, here and in every method
 */
export async function openShardWriter(plan: ShardPlan): Promise<ShardWriter> {
  const files = shardFiles(plan.folder, plan.shard);
  const written = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw writeError(files.data, cause);
    });
  const layout = shardLayout(plan, plan.keys.length);
  const progress = await written(readProgress(plan));
  const partial = await written(openForWriting(files.partial));
  const journal = await written(openForWriting(files.journal));
  const total = batchCount(plan.keys.length, plan.batchSize);
  const bad: BadPicture[] = progress.entries.flatMap((entry) => entry.bad);
  let batches = progress.entries.length;
  let rows = rowsOf(plan, progress);
  let journalEnd = progress.byteLength;
  let lines = "";
  let synced = performance.now();

  const flush = async (): Promise<void> => {
    if (lines === "") return;
    // Rows first: a line without its rows would be a lie after a power failure.
    await written(partial.datasync());
    const bytes = Buffer.from(lines);
    await written(writeAll(journal, bytes, journalEnd));
    journalEnd += bytes.byteLength;
    lines = "";
    synced = performance.now();
  };
  // A line that was cut off would spoil the next one.
  await written(journal.truncate(journalEnd));
  if (batches === 0) await written(writeAll(partial, layout.header, 0));
  return {
    get complete() {
      return batches === total;
    },
    async append(batch) {
      for (const { name, start } of layout.entries) {
        const output = plan.outputs.find((stored) => stored.name === name)!;
        const bytes = toBytes(batch.tensors[name] ?? new Float32Array(), output.dtype);
        await written(writeAll(partial, bytes, start + rows * rowBytes(output)));
      }
      rows += batch.rows;
      bad.push(...batch.bad);
      lines += journalLine({ batch: batches++, bad: batch.bad });
      if (performance.now() - synced >= SYNC_INTERVAL) await flush();
    },
    flush,
    async finish() {
      await flush();
      await written(finishShard(plan, { files, partial, rows, bad }));
      await journal.close();
      await partial.close();
      await written(rm(files.journal, { force: true }));
    },
    async close() {
      await partial.close();
      await journal.close();
    },
  };
}

async function finishShard(
  plan: ShardPlan,
  options: {
    readonly files: ShardFiles;
    readonly partial: FileHandle;
    readonly rows: number;
    readonly bad: readonly BadPicture[];
  },
): Promise<void> {
  const { files, partial, rows, bad } = options;
  const { byteLength } = shardLayout(plan, rows);
  const whole = rows === plan.keys.length;
  if (whole) await partial.sync();
  else await compact(plan, { files, partial, rows });
  const finished = whole ? files.partial : files.compact;
  const without = new Set(bad.map(({ position }) => position - plan.first));
  const index = encodeShardIndex({
    shard: plan.shard,
    file: shardName(plan.shard),
    byteLength,
    // Of what is on the disk, not of what was meant to be written.
    sha256: await hashFile(finished),
    first: plan.first,
    pictures: plan.keys.length,
    keys: plan.keys.filter((_, i) => !without.has(i)),
    bad,
  });
  await writeWholeFile(files.index, [index]);
  await rename(finished, files.data);
  await syncFolder(plan.folder);
  if (!whole) await rm(files.partial, { force: true });
}

/** Copies the rows that are there behind a header that says how many. */
async function compact(
  plan: ShardPlan,
  options: { readonly files: ShardFiles; readonly partial: FileHandle; readonly rows: number },
): Promise<void> {
  const { files, partial, rows } = options;
  const from = shardLayout(plan, plan.keys.length);
  const to = shardLayout(plan, rows);
  const buffer = new Uint8Array(COPY_BYTES);
  await using target = await open(files.compact, "w");
  await writeAll(target, to.header, 0);
  for (const { name, start, byteLength } of to.entries) {
    const source = from.entries.find((entry) => entry.name === name)!;
    for (let done = 0; done < byteLength;) {
      const length = Math.min(COPY_BYTES, byteLength - done);
      const { bytesRead } = await partial.read(buffer, 0, length, source.start + done);
      if (bytesRead === 0) throw new Error(`${files.partial} ends before its rows do`);
      await writeAll(target, buffer.subarray(0, bytesRead), start + done);
      done += bytesRead;
    }
  }
  await target.sync();
}

/** Opened for reading and writing; made where it is not there, and never emptied. */
async function openForWriting(path: string): Promise<FileHandle> {
  return open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return open(path, "w+");
    throw error;
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await file.write(
      bytes,
      done,
      bytes.byteLength - done,
      position + done,
    );
    done += bytesWritten;
  }
}

function toBytes(values: Float32Array, dtype: "float32" | "float16"): Uint8Array {
  const stored = dtype === "float16" ? float32ToFloat16(values) : values;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}
