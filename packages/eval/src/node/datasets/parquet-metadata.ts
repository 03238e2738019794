// What a Parquet file of pictures says about itself: which column holds the pictures, which the labels, what the
// labels mean. Files as the library `datasets` of Hugging Face writes them: a struct {bytes, path} and a ClassLabel.

import * as zlib from "node:zlib";

import { type Compressors, type FileMetaData, parquetMetadataAsync } from "hyparquet";
import { z } from "zod";

import { EvalError } from "../../errors.ts";
import { type OpenFile, openFile } from "./open-files.ts";

/** Columns that one sentence has room for. */
const COLUMNS_SAID = 8;

/** An open Parquet file of pictures. */
export interface PictureParquet {
  readonly file: OpenFile;
  readonly metadata: FileMetaData;
  /** The struct with `bytes` and `path`. */
  readonly image: string;
  readonly label: string;
  /** What the labels mean, where the file says so. */
  readonly classes: readonly string[] | undefined;
  close(): Promise<void>;
}

const featuresSchema = z.object({
  info: z.object({
    features: z.record(
      z.string(),
      z
        .object({ _type: z.string().optional(), names: z.array(z.string()).optional() })
        .transform(({ ["_type"]: type, names }) => ({ type, names })),
    ),
  }),
});

/**
 * Opens a Parquet file and finds its columns.
 *
 * @throws EvalError `invalid-data` for a file that is none, is cut off or has no pictures and labels; `not-found`, `io`
 */
export async function openPictureParquet(path: string): Promise<PictureParquet> {
  const file = await openFile(path);
  try {
    const metadata = await parquetMetadataAsync(asyncBuffer(file)).catch((cause: unknown) => {
      throw brokenParquet(path, cause);
    });
    const features = readFeatures(metadata);
    const tops = topColumns(metadata);
    const structs = tops.filter(({ children }) => children.includes("bytes"));
    const image = pick(structs, features, "Image", ["image", "img"]);
    const flat = tops.filter(({ children }) => children.length === 0);
    const label = pick(flat, features, "ClassLabel", ["label", "labels"]);
    if (image === undefined || label === undefined) {
      throw new EvalError(
        "invalid-data",
        `${path}: expected a column of pictures {bytes, path} called "image" and one of labels called "label", found the columns ${sayColumns(tops)}`,
        { subject: path },
      );
    }
    const classes = features[label]?.names;
    return { file, metadata, image, label, classes, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file as hyparquet reads it. */
export function asyncBuffer(file: OpenFile): {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
} {
  return {
    byteLength: file.byteLength,
    slice: async (start, end = file.byteLength) => (await file.read({ start, end })).buffer,
  };
}

/** The same file with these of its columns only, so that no others are read. */
export function selectColumns(metadata: FileMetaData, leaves: readonly string[]): FileMetaData {
  const wanted = new Set(leaves);
  const parents = new Set(leaves.map((leaf) => leaf.split(".")[0]!));
  const [root, ...rest] = metadata.schema;
  const schema: FileMetaData["schema"] = [];
  let top = "";
  let children = 0;
  for (const element of rest) {
    const isTop = children === 0;
    if (isTop) {
      top = element.name;
      children = element.num_children ?? 0;
    } else children--;
    const isLeaf = wanted.has(isTop ? top : `${top}.${element.name}`);
    const isParent = isTop && (element.num_children ?? 0) > 0 && parents.has(top);
    const kept = leaves.filter((leaf) => leaf.startsWith(`${top}.`)).length;
    if (isLeaf) schema.push(element);
    else if (isParent) schema.push({ ...element, num_children: kept });
  }
  return {
    ...metadata,
    schema: [{ ...root!, num_children: parents.size }, ...schema],
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.filter(({ meta_data }) =>
        wanted.has(meta_data?.path_in_schema.join(".") ?? ""),
      ),
    })),
  };
}

/** Snappy is hyparquet's own; these are Node's. Zstandard came with Node 22.15. */
export function decompressors(): Compressors {
  const zstd = (zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array })
    .zstdDecompressSync;
  return {
    GZIP: (input) => zlib.gunzipSync(input),
    BROTLI: (input) => zlib.brotliDecompressSync(input),
    ...(zstd === undefined ? {} : { ZSTD: (input: Uint8Array) => zstd(input) }),
  };
}

/** The error for what hyparquet could not read; errors of this package are passed on. */
export function brokenParquet(path: string, cause: unknown): Error {
  if (cause instanceof EvalError) return cause;
  const { message } = cause as Error;
  const codec = /unsupported compression codec: (\w+)/i.exec(message)?.[1];
  const options = { subject: path, cause };
  if (codec !== undefined) {
    return new EvalError(
      "unsupported",
      `${path}: expected Parquet compressed with Snappy, gzip, Brotli or, from Node 22.15, Zstandard, found ${codec} on Node ${process.versions.node}`,
      options,
    );
  }
  const what = `${path}: expected a Parquet file of pictures, found: ${message}`;
  return new EvalError("invalid-data", what, options);
}

function sayColumns(columns: readonly TopColumn[]): string {
  const said = columns.slice(0, COLUMNS_SAID).map(({ name, type, children }) => {
    const form = children.length === 0 ? type.toLowerCase() : `{${children.join(", ")}}`;
    return `"${name}" (${form})`;
  });
  const more = columns.length - said.length;
  return said.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

interface TopColumn {
  readonly name: string;
  /** As Parquet calls it; "" for a column with children. */
  readonly type: string;
  readonly children: readonly string[];
}

function topColumns({ schema }: FileMetaData): readonly TopColumn[] {
  const tops: { name: string; type: string; children: string[] }[] = [];
  for (let i = 1; i < schema.length; i++) {
    const { name, type = "", num_children: count = 0 } = schema[i]!;
    const children = schema.slice(i + 1, i + 1 + count);
    // Lists and maps have children that have children: neither picture nor label.
    const simple = children.every((child) => child.num_children === undefined);
    tops.push({ name, type, children: simple ? children.map((child) => child.name) : ["…"] });
    i += simple ? count : subtree(schema, i) - 1;
  }
  return tops;
}

/** Number of elements of a schema from `start` that belong to the one there, itself among them. */
function subtree(schema: FileMetaData["schema"], start: number): number {
  let size = 1;
  for (let child = 0; child < (schema[start]?.num_children ?? 0); child++) {
    size += subtree(schema, start + size);
  }
  return size;
}

type Features = z.infer<typeof featuresSchema>["info"]["features"];

function readFeatures({ key_value_metadata: pairs = [] }: FileMetaData): Features {
  const text = pairs.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  try {
    return featuresSchema.safeParse(JSON.parse(text)).data?.info.features ?? {};
  } catch {
    return {};
  }
}

/** The column that the library calls so, if it is the only one; else the one with a usual name. */
function pick(
  columns: readonly TopColumn[],
  features: Features,
  type: string,
  names: readonly string[],
): string | undefined {
  const typed = columns.filter(({ name }) => features[name]?.type === type);
  if (typed.length === 1) return typed[0]!.name;
  return names.find((wanted) => columns.some(({ name }) => name === wanted));
}
