// A picture that is larger than a window is segmented in windows that overlap. Reference: MMSegmentation 0.30,
// mmseg/models/segmentors/encoder_decoder.py, slide_inference.

/** Begin and end, exclusive. */
export type WindowSpan = readonly [begin: number, end: number];

/** Options of `windowSpans`. */
export interface WindowOptions {
  /** Pixels of a window. */
  readonly crop: number;
  /** Pixels from one window to the next. */
  readonly stride: number;
}

/**
 * Windows along one side, first to last; the last one is moved back so that it ends with the picture. A side shorter
 * than the window has one of its own length.
 */
export function windowSpans(side: number, { crop, stride }: WindowOptions): readonly WindowSpan[] {
  const count = Math.ceil(Math.max(0, side - crop) / stride) + 1;
  return Array.from({ length: count }, (_, at) => {
    const end = Math.min(at * stride + crop, side);
    return [Math.max(0, end - crop), end];
  });
}

/** How many windows cover each pixel of a side. */
export function timesCovered(spans: readonly WindowSpan[], side: number): Uint32Array {
  const times = new Uint32Array(side);
  for (const [begin, end] of spans) for (let at = begin; at < end; at += 1) times[at]! += 1;
  return times;
}
