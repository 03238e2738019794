// What the readers of all layouts are given and give back.

import type { EntryWriter } from "./entry-writer.ts";
import type { PassedOver } from "./stored-set.ts";

/** How far the listing of a set has come. */
export interface ListingProgress {
  /** `list`: names are read; `index`: archives are read through for what is where in them. */
  readonly stage: "list" | "index";
  readonly done: number;
  readonly total: number;
  readonly unit: "folders" | "images" | "files" | "bytes";
}

/** What every reader is given. */
export interface ListingOptions {
  /** Where the pictures go, one by one. */
  readonly writer: EntryWriter;
  readonly onProgress?: ((progress: ListingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a reader found, besides the pictures that it wrote. */
export interface Listing {
  readonly classes: readonly string[];
  readonly passedOver: PassedOver;
}
