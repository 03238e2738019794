// Where PyTorch's bilinear interpolation reads (align_corners false): two neighbours along each axis, positions in
// float32 as it computes them, the first pixel's at 0 or above. Reference: aten/src/ATen/native/UpSample.h,
// area_pixel_compute_source_index and compute_source_index_and_lambda.

/** What each output along an axis is made of: the sources from `starts[at]` to `starts[at + 1]`, times their weights. */
export interface Taps {
  readonly starts: Int32Array;
  readonly sources: Int32Array;
  readonly weights: Float64Array;
}

/** What one output is made of: weights by source. */
export type Mixture = ReadonlyMap<number, number>;

/** The sources of `target` outputs on `source` inputs, without those of weight 0. */
export function bilinear(source: number, target: number): readonly Mixture[] {
  const scale = Math.fround(source / target);
  return Array.from({ length: target }, (_, at) => {
    const position = Math.max(0, Math.fround(Math.fround(scale * (at + 0.5)) - 0.5));
    const first = Math.min(Math.floor(position), source - 1);
    const second = Math.min(first + 1, source - 1);
    const weight = Math.min(position - first, 1);
    if (weight === 0 || first === second) return new Map([[first, 1]]);
    return new Map([
      [first, 1 - weight],
      [second, weight],
    ]);
  });
}

/** One linear map after another: the outputs of `outer` are made of outputs of `inner`. */
export function compose(outer: readonly Mixture[], inner: readonly Mixture[]): readonly Mixture[] {
  return outer.map((mixture) => {
    const sum = new Map<number, number>();
    for (const [at, factor] of mixture) {
      for (const [source, weight] of inner[at]!) {
        sum.set(source, (sum.get(source) ?? 0) + factor * weight);
      }
    }
    return sum;
  });
}

/** The same in arrays, for inner loops. */
export function toTaps(mixtures: readonly Mixture[]): Taps {
  const starts = new Int32Array(mixtures.length + 1);
  for (const [at, { size }] of mixtures.entries()) starts[at + 1] = starts[at]! + size;
  return {
    starts,
    sources: Int32Array.from(mixtures.flatMap((mixture) => [...mixture.keys()])),
    weights: Float64Array.from(mixtures.flatMap((mixture) => [...mixture.values()])),
  };
}

/** The outputs from `from` to `to`, exclusive, one after the other into `target`; each is a mixture of `rows` of `length`. */
export function mix(
  rows: Float32Array,
  options: {
    readonly taps: Taps;
    readonly from: number;
    readonly to: number;
    readonly length: number;
    readonly target: Float32Array;
  },
): void {
  const { taps, from, to, length, target } = options;
  const { starts, sources, weights } = taps;
  for (let output = from, start = 0; output < to; output++, start += length) {
    const begin = starts[output]!;
    const end = starts[output + 1]!;
    const stop = start + length;
    // Two rows at a time; an odd one goes with itself, at weight 0.
    for (let tap = begin; tap < end; tap += 2) {
      const both = tap + 1 < end;
      const left = sources[tap]! * length - start;
      const right = both ? sources[tap + 1]! * length - start : left;
      const own = weights[tap]!;
      const next = both ? weights[tap + 1]! : 0;
      if (tap === begin) {
        for (let at = start; at < stop; at++) {
          target[at] = own * rows[left + at]! + next * rows[right + at]!;
        }
      } else {
        for (let at = start; at < stop; at++) {
          target[at]! += own * rows[left + at]! + next * rows[right + at]!;
        }
      }
    }
  }
}
