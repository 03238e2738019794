// How far two float arrays are apart, in the two measures that the goldens name.

/** The distance between what was computed and what the reference computes. */
export interface Difference {
  /** Largest absolute difference of two elements. */
  readonly maxAbsolute: number;
  /** ‖actual − expected‖₂ / ‖expected‖₂. */
  readonly relativeL2: number;
}

/** The difference of two arrays of one length, in float64. NaN anywhere gives NaN, which fails every comparison. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  if (actual.length !== expected.length) {
    throw new Error(`${actual.length} elements were computed, ${expected.length} are expected`);
  }
  let maxAbsolute = 0;
  let squares = 0;
  let reference = 0;
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(actual[i]! - expected[i]!);
    if (!(gap <= maxAbsolute)) maxAbsolute = gap;
    squares += gap * gap;
    reference += expected[i]! * expected[i]!;
  }
  return {
    maxAbsolute: Number.isNaN(squares) ? Number.NaN : maxAbsolute,
    relativeL2: Math.sqrt(squares) / Math.sqrt(reference),
  };
}

/**
 * What the float32 goldens must be met with (goldens' README): float32 sums in another order differ by this much,
 * a wrong formula by far more.
 */
export const FLOAT32_GOLDEN_TOLERANCE: Difference = { maxAbsolute: 1e-4, relativeL2: 1e-5 };
