// Pictures in Parquet shards. Labels and names are read when the set is opened, pictures a stretch of rows at a time: a row
// group, or where the file has an index of its pages, 64 rows of it. Stretches that were read are kept up to a limit, so reading in order
// reads each byte once; reading in random order reads a whole stretch for one picture.

import { basename } from "node:path";

import { parquetReadObjects } from "hyparquet";

import { EvalError } from "../../errors.ts";
import { type ClassNames, sayNames } from "./class-names.ts";
import type { Listing, ListingOptions } from "./listing.ts";
import { keepOpen } from "./open-files.ts";
import {
  asyncBuffer,
  brokenParquet,
  decompressors,
  openPictureParquet,
  type PictureParquet,
  selectColumns,
} from "./parquet-metadata.ts";
import { createLabelReader } from "./stored-label.ts";
import type { PictureStore } from "./stored-set.ts";

const SHARDS_OPEN = 16;
/** Bytes of pictures that are kept, beyond the last stretch. */
const KEPT_BYTES = 1 << 28;
const INDEXED_ROWS = 64;
/** Stretches that are read at a time: each is in memory as it is stored and as it is decoded. */
const READ_AT_ONCE = 4;

/**
 * Lists the pictures of the shards.
 *
 * @throws EvalError `invalid-data` for a shard that is broken, has other classes than the first, or has a row without label; `io`
 */
export async function listParquet(
  shards: readonly string[],
  options: ListingOptions & { readonly names: ClassNames | undefined },
): Promise<Listing> {
  const { writer, onProgress, signal } = options;
  let classes: readonly string[] | undefined;
  let highest = -1;
  for (const [shard, path] of shards.entries()) {
    signal?.throwIfAborted();
    const parquet = await openPictureParquet(path);
    try {
      if (shard > 0 && classes?.join("\n") !== parquet.classes?.join("\n")) {
        throw new EvalError(
          "invalid-data",
          `${path}: expected the classes of ${basename(shards[0]!)}, found ${sayNames(parquet.classes ?? [])}`,
          { subject: path },
        );
      }
      ({ classes } = parquet);
      const labelOf = createLabelReader({ own: classes, names: options.names, subject: path });
      for await (const { row, label, name, stretch } of labelledRows(parquet)) {
        const number = labelOf(label, `row ${row}`);
        highest = Math.max(highest, number);
        const key = `${basename(path)}#${row}${name === undefined ? "" : `/${name}`}`;
        await writer.append({ key, labels: [number], where: [shard, row, ...stretch] });
      }
    } finally {
      await parquet.close();
    }
    onProgress?.({ stage: "index", done: shard + 1, total: shards.length, unit: "files" });
  }
  return {
    classes:
      options.names?.classes ??
      classes ??
      Array.from({ length: highest + 1 }, (_, label) => String(label)),
    passedOver: { count: 0, examples: [] },
  };
}

interface LabelledRow {
  readonly row: number;
  readonly label: unknown;
  readonly name: string | undefined;
  /** The rows that are read together with this one: first, and end. */
  readonly stretch: readonly [number, number];
}

async function* labelledRows(parquet: PictureParquet): AsyncGenerator<LabelledRow> {
  const { file, image, label } = parquet;
  const metadata = selectColumns(parquet.metadata, [`${image}.path`, label]);
  const named = metadata.schema.some(({ name }) => name === "path");
  let start = 0;
  for (const [i, group] of parquet.metadata.row_groups.entries()) {
    const end = start + Number(metadata.row_groups[i]!.num_rows);
    const rows = await parquetReadObjects({
      file: asyncBuffer(file),
      metadata,
      columns: named ? [image, label] : [label],
      rowStart: start,
      rowEnd: end,
      compressors: decompressors(),
    }).catch((cause: unknown) => {
      throw brokenParquet(file.path, cause);
    });
    const indexed = group.columns.some(
      ({ meta_data: column, offset_index_offset: index }) =>
        column?.path_in_schema.join(".") === `${image}.bytes` && index !== undefined,
    );
    const step = indexed ? INDEXED_ROWS : end - start;
    for (const [j, values] of rows.entries()) {
      const first = start + Math.floor(j / step) * step;
      const { path } = (values[image] ?? {}) as { path?: string | null };
      yield {
        row: start + j,
        label: values[label],
        name: path ?? undefined,
        stretch: [first, Math.min(first + step, end)],
      };
    }
    start = end;
  }
}

/** Reads pictures by their rows. */
export function createParquetStore({
  shards,
}: {
  readonly shards: readonly string[];
}): PictureStore {
  const files = keepOpen(SHARDS_OPEN, (shard) => openPictureParquet(shards[shard]!));
  const kept = new Map<string, { readonly rows: Promise<readonly Uint8Array[]>; bytes: number }>();
  let keptBytes = 0;
  const inTurn = createTurns(READ_AT_ONCE);
  const trim = (): void => {
    for (const [key, { bytes }] of kept) {
      if (keptBytes <= KEPT_BYTES || kept.size === 1) return;
      // Still being read.
      if (bytes === 0) continue;
      kept.delete(key);
      keptBytes -= bytes;
    }
  };
  const readStretch = async (
    shard: number,
    range: { readonly start: number; readonly end: number },
  ): Promise<readonly Uint8Array[]> => {
    const key = `${shard}:${range.start}`;
    const found = kept.get(key);
    if (found !== undefined) {
      kept.delete(key);
      kept.set(key, found);
      return found.rows;
    }
    const stretch = {
      rows: inTurn(() => files.use(shard, (parquet) => readPictures(parquet, range))),
      bytes: 0,
    };
    kept.set(key, stretch);
    try {
      const rows = await stretch.rows;
      stretch.bytes = rows.reduce((sum, row) => sum + row.byteLength, 0);
      keptBytes += stretch.bytes;
      trim();
      return rows;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  };
  const find = async ({
    key,
    where: [shard = 0, row = 0, start = 0, end = 0],
  }: {
    readonly key: string;
    readonly where: readonly number[];
  }): Promise<Uint8Array> => {
    const bytes = (await readStretch(shard, { start, end }))[row - start];
    if (bytes !== undefined && bytes.byteLength > 0) return bytes;
    throw new EvalError("invalid-data", `${key}: expected the bytes of a picture, found none`, {
      subject: key,
    });
  };
  return {
    async read(entry, signal) {
      signal?.throwIfAborted();
      return Uint8Array.from(await find(entry));
    },
    byteLength: async (entry) => (await find(entry)).byteLength,
    close: async () => {
      kept.clear();
      await files.close();
    },
  };
}

/** Runs work, no more than `limit` of it at a time. */
function createTurns(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running === limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The turn goes to the next one, or is over.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

async function readPictures(
  { file, metadata, image }: PictureParquet,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<readonly Uint8Array[]> {
  const rows = await parquetReadObjects({
    file: asyncBuffer(file),
    metadata: selectColumns(metadata, [`${image}.bytes`]),
    columns: [image],
    rowStart: start,
    rowEnd: end,
    // Bytes are bytes, whatever they look like.
    utf8: false,
    useOffsetIndex: true,
    compressors: decompressors(),
  }).catch((cause: unknown) => {
    throw brokenParquet(file.path, cause);
  });
  return rows.map((row) => {
    const { bytes } = (row[image] ?? {}) as { bytes?: unknown };
    return bytes instanceof Uint8Array ? bytes : new Uint8Array();
  });
}
