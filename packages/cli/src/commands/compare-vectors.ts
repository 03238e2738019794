// How far features are from others that should be the same. Sums in float64.

/** The vectors of an output: every token's, or a picture's only one. */
export interface VectorComparison {
  readonly minimumCosine: number;
  readonly meanCosine: number;
  /** Largest absolute difference of two elements. */
  readonly maxAbsolute: number;
  /** How many vectors. */
  readonly vectors: number;
}

/** Compares vectors of `width` elements; a NaN in either makes the result NaN. */
export function compareVectors(
  actual: Float32Array,
  expected: Float32Array,
  { width }: { readonly width: number },
): VectorComparison {
  let minimumCosine = Number.POSITIVE_INFINITY;
  let sum = 0;
  let maxAbsolute = 0;
  for (let start = 0; start < expected.length; start += width) {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let i = start; i < start + width; i++) {
      const a = actual[i]!;
      const b = expected[i]!;
      ab += a * b;
      aa += a * a;
      bb += b * b;
      maxAbsolute = Math.max(maxAbsolute, Math.abs(a - b));
    }
    // Two zero vectors are the same one. Rounding may carry the quotient of equal ones above 1.
    const cosine = aa === 0 && bb === 0 ? 1 : Math.min(ab / Math.sqrt(aa * bb), 1);
    minimumCosine = Math.min(minimumCosine, cosine);
    sum += cosine;
  }
  const vectors = expected.length / width;
  return { minimumCosine, meanCosine: sum / vectors, maxAbsolute, vectors };
}

/** Several comparisons as one. */
export function mergeComparisons(parts: readonly VectorComparison[]): VectorComparison {
  const vectors = parts.reduce((total, part) => total + part.vectors, 0);
  return {
    minimumCosine: Math.min(...parts.map((part) => part.minimumCosine)),
    meanCosine: parts.reduce((total, part) => total + part.meanCosine * part.vectors, 0) / vectors,
    maxAbsolute: Math.max(...parts.map((part) => part.maxAbsolute)),
    vectors,
  };
}
