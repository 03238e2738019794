// The contract of a file of results that is written row by row. Nothing of it can be seen under its name before
// `finish`, and nothing stays behind without it. formats.ts has one implementation per format.

import type { JsonValue, Tensor } from "@internvit/model-core";

/** Where the rows come from and what made them; it goes into the file, or beside it. */
export type Provenance = Readonly<Record<string, JsonValue>>;

/** Rows for some pictures: tensors [k, …] by name. */
export type Rows = ReadonlyMap<string, Tensor>;

/** A file of results while it is written. */
export interface ResultFile {
  /** Adds k rows to every tensor; `sources` names the k pictures. Shapes after the first axis never change. */
  append(rows: Rows, sources: readonly string[]): Promise<void>;
  /** Completes the file and gives it its name. Returns the files that are there now. */
  finish(provenance: Provenance): Promise<readonly string[]>;
  /** Removes everything temporary. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a result file is created with. */
export interface ResultFileOptions {
  /** In plain words, when the weights are random numbers. */
  readonly synthesized: string | undefined;
  readonly signal: AbortSignal;
}
