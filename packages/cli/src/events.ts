// What a command says while it runs, as plain data. Commands know no terminal: the same events become a progress
// line and text, or one line of JSON each.

import type { JsonValue } from "@internvit/model-core";

/** How far a stage has come. */
export interface ProgressEvent {
  readonly event: "progress";
  /** What is being done, such as `encode`. */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly unit: "bytes" | "images" | "tiles" | "folders" | "files" | "updates";
  /** The last picture that was finished. */
  readonly file?: string;
  /** Speed of this run. */
  readonly imagesPerSecond?: number;
  /** What is left at that speed; without it the share that is done is taken for the share of time. */
  readonly remainingMilliseconds?: number;
  /** Share of its time that each step of the work is busy, 0 to 1. */
  readonly occupancy?: Readonly<Record<string, number>>;
}

/** A picture that was left out because of `--keep-going`. */
export interface FailedEvent {
  readonly event: "failed";
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/** What a command found or made. */
export interface ResultEvent {
  readonly event: "result";
  readonly command: string;
  /** For programs. */
  readonly facts: { readonly [key: string]: JsonValue };
  /** The same for people: lines without the last line break. */
  readonly text: string;
  /** Why the exit code is 1 although there is a result; also one of the facts. */
  readonly problem?: string;
}

/** Everything that a command says. */
export type CliEvent =
  | {
      readonly event: "notice";
      /** Something to know that is no error, such as that weights are random. */
      readonly message: string;
    }
  | ProgressEvent
  | FailedEvent
  | ResultEvent
  | {
      readonly event: "error";
      readonly code: string;
      readonly message: string;
    };

/** Where a command's events go. */
export type Report = (event: CliEvent) => void;
