// What is said while converted weights are looked for and made.

/** A step on the way to converted weights. */
export type WeightsEvent =
  | {
      readonly kind: "progress";
      /**
       * `hash`: the checkpoint's files, once per file; `measure`: a first pass over the weights for outlier channels;
       * `convert`: the new file.
       */
      readonly stage: "hash" | "measure" | "convert";
      /** Bytes. */
      readonly done: number;
      readonly total: number;
    }
  /** Converted weights were there but could not be used; they are made again. */
  | { readonly kind: "damaged"; readonly path: string; readonly reason: string };

/** Hears of the steps. */
export type OnWeights = (event: WeightsEvent) => void;
