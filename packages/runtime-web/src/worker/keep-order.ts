// What a page says of weights that are to be kept, and what it hears of them.

import type { LayerSpread } from "@internvit/model-core";

import type { StorePlace } from "./stored-files.ts";

/** What is known of kept weights before there are any; about.json. */
export interface KeptAbout {
  readonly format: "internvit-weights";
  /** Of the checkpoint's content and the form of the weights. */
  readonly key: string;
  /** The checkpoint's address, or its label where it has none. */
  readonly address: string;
  readonly label: string;
  /** Number format and target in plain words, such as `q4 for cpu`. */
  readonly form: string;
  /** ISO 8601. */
  readonly created: string;
}

/** A weight file and its hashes. */
export interface KeptFile {
  readonly byteLength: number;
  /** SHA-256 of each chunk of `CHUNK_BYTES`, in hexadecimal. */
  readonly hashes: readonly string[];
}

/** What is there once everything is; manifest.json. */
export interface KeptManifest extends KeptAbout {
  readonly files: Readonly<Record<string, KeptFile>>;
  /** For forms that were measured: see `planEncoderWeights`. */
  readonly spread?: readonly LayerSpread[] | undefined;
}

/** Asks the worker to keep what it makes. */
export interface KeepOrder {
  readonly about: KeptAbout;
  /** The first that the browser has is taken. */
  readonly places: readonly StorePlace[];
  /** Whether there being none is an error; else the weights are made and not kept. */
  readonly required: boolean;
  /** Written to `path` when the weights are there: what opens the checkpoint without its server. */
  readonly record: { readonly path: string; readonly text: string } | undefined;
}

/** What became of an order. */
export interface KeptReport {
  /** Undefined when the browser has none of the places. */
  readonly place: StorePlace | undefined;
  /** Why earlier places were not taken. */
  readonly passedOver: readonly string[];
  /** True when nothing had to be made. */
  readonly found: boolean;
  /** What was wrong with weights that were there. */
  readonly damage: string | undefined;
}

/** How far weights are. */
export interface WeightProgress {
  /**
   * `wait`: another tab or encoder is making the same ones; `check`: what is there is compared with its hashes; `fetch`:
   * they are read from the checkpoint, and converted; `session`: ONNX Runtime takes them.
   */
  readonly phase: "wait" | "check" | "fetch" | "session";
  /**
   * Bytes of the files that the session reads; with `wait` and `session` both are 0. `q8` of a server is fetched and then
   * converted, and counts anew for the second.
   */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Path of the folder of a key. */
export function keptFolder(key: string): string {
  return `weights/${key}`;
}

/** Whoever writes or removes the weights of a key holds the lock of this name. */
export function lockName(key: string): string {
  return `internvit-weights-${key}`;
}
