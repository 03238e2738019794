// A set of labelled pictures over a list in a file: what all layouts have in common. A layout adds the store that finds
// the bytes of an entry.

import type { ClassificationSet } from "../../datasets/classification-set.ts";
import type { EntryFile, StoredEntry } from "./entry-file.ts";

/** How a set lies on the disk. */
export type DataLayout = "folders" | "list" | "csv" | "parquet" | "tar";

/** Files that were found among the pictures and are none by their names. */
export interface PassedOver {
  readonly count: number;
  /** The first few, as paths within the set. */
  readonly examples: readonly string[];
}

/** A set of pictures in files. */
export interface StoredClassificationSet extends ClassificationSet {
  readonly layout: DataLayout;
  /** Pictures of each label, in the order of `classes`. */
  readonly classCounts: readonly number[];
  /** Pictures that have a label: all but those that IN-ReaL leaves out. */
  readonly scored: number;
  readonly passedOver: PassedOver;
  /**
   * Size of a picture as it is stored, without reading it where the layout allows.
   *
   * @throws EvalError as `read`
   */
  byteLength(index: number): Promise<number>;
}

/** Finds the bytes of entries. */
export interface PictureStore {
  /** Bytes that belong to the caller. */
  read(entry: StoredEntry, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  byteLength(entry: StoredEntry): Promise<number>;
  close(): Promise<void>;
}

/** What `createStoredSet` puts together. */
export interface StoredSetParts extends Pick<
  StoredClassificationSet,
  "name" | "origin" | "layout" | "classes" | "classCounts" | "scored" | "passedOver" | "listHash"
> {
  readonly columns?: readonly number[];
  readonly entries: EntryFile;
  readonly store: PictureStore;
  /** Replaces the labels of an entry. */
  readonly relabel?: (entry: StoredEntry) => readonly number[];
}

/** The set; it owns list and store. */
export function createStoredSet(parts: StoredSetParts): StoredClassificationSet {
  const { entries, store, relabel, columns, ...rest } = parts;
  const dispose = async (): Promise<void> => {
    await Promise.all([entries.close(), store.close()]);
  };
  return {
    ...rest,
    ...(columns === undefined ? {} : { columns }),
    length: entries.length,
    async picture(index) {
      const entry = await entries.read(index);
      return { index, key: entry.key, labels: relabel?.(entry) ?? entry.labels };
    },
    read: async (index, signal) => store.read(await entries.read(index), signal),
    byteLength: async (index) => store.byteLength(await entries.read(index)),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
