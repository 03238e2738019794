// Where PyTorch's bilinear interpolation reads (align_corners false): two neighbours along each axis, positions in
// float32 as it computes them, the first pixel's at 0 or above. Reference: aten/src/ATen/native/UpSample.h,
// area_pixel_compute_source_index and compute_source_index_and_lambda.

/** What each output along an axis is made of. */
export interface BilinearTaps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Weight of the second; that of the first is what is left of 1. */
  readonly weight: Float32Array;
}

/** The taps of `target` outputs on `source` inputs. */
export function bilinearTaps(source: number, target: number): BilinearTaps {
  const first = new Int32Array(target);
  const second = new Int32Array(target);
  const weight = new Float32Array(target);
  const scale = Math.fround(source / target);
  for (let at = 0; at < target; at++) {
    const position = Math.max(0, Math.fround(Math.fround(scale * (at + 0.5)) - 0.5));
    const index = Math.min(Math.floor(position), source - 1);
    first[at] = index;
    second[at] = Math.min(index + 1, source - 1);
    weight[at] = Math.min(position - index, 1);
  }
  return { first, second, weight };
}

/**
 * Rows of pixels with `channels` values each, interpolated along x: `[width, channels]` of the taps' width, added to
 * `target` from the index `offset` on.
 */
export function addResized(
  row: Float32Array,
  options: {
    readonly taps: BilinearTaps;
    readonly channels: number;
    readonly target: Float32Array;
    readonly offset: number;
  },
): void {
  const { taps, channels, target, offset } = options;
  const { first, second, weight } = taps;
  for (let x = 0, out = offset; x < first.length; x++) {
    const left = first[x]! * channels;
    const right = second[x]! * channels;
    const next = weight[x]!;
    const own = 1 - next;
    for (let channel = 0; channel < channels; channel++, out++) {
      target[out]! += own * row[left + channel]! + next * row[right + channel]!;
    }
  }
}

/** `target` becomes what lies between two rows of the same length. */
export function mixRows(
  target: Float32Array,
  rows: { readonly upper: Float32Array; readonly lower: Float32Array; readonly weight: number },
): void {
  const { upper, lower, weight } = rows;
  const own = 1 - weight;
  for (let at = 0; at < target.length; at++) target[at] = own * upper[at]! + weight * lower[at]!;
}
