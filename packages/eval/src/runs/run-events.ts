// What a run says while it works.

/** Stages of runs, in their order. */
export type RunStage = "encode-train" | "encode-held-out" | "encode-val" | "train" | "evaluate";

/** A picture that could not be read or decoded. */
export interface UnreadablePicture {
  /** Name of the set. */
  readonly set: string;
  /** Where the set is. */
  readonly origin: string;
  readonly index: number;
  readonly key: string;
  /** Why, naming the picture. */
  readonly message: string;
}

/** What a run says. */
export type RunEvent =
  | {
      readonly kind: "progress";
      readonly stage: RunStage;
      readonly done: number;
      readonly total: number;
      readonly unit: "pictures" | "updates";
      /** Of the whole run, at the speed so far; undefined before anything was measured. */
      readonly remainingMilliseconds: number | undefined;
    }
  | { readonly kind: "unreadable"; readonly picture: UnreadablePicture }
  | { readonly kind: "notice"; readonly message: string };

/** Told what happens. */
export type OnRunEvent = (event: RunEvent) => void;
