// How far counts are from what a distribution leads to expect.

/** The sum of (seen - expected)^2 / expected over equally likely bins of numbers from 0 up to 1. */
export function chiSquareOfUniform(numbers: readonly number[], bins: number): number {
  const counts = Array.from({ length: bins }, () => 0);
  for (const number of numbers) {
    if (!(number >= 0 && number <= 1)) throw new Error(`${number} is not from 0 to 1`);
    counts[Math.min(Math.floor(number * bins), bins - 1)]!++;
  }
  const expected = numbers.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Exceeded once in a thousand by chi-square with 15 degrees of freedom, that is 16 bins. */
export const LIMIT_OF_16_BINS = 37.7;
