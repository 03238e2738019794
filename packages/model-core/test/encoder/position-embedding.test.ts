import { describe, expect, test } from "vitest";

import { bicubicMatrix } from "../../src/encoder/position-embedding.ts";

/** The textbook cubic convolution kernel (Keys 1981) in float64, evaluated at every distance. */
function naive(from: number, to: number): number[] {
  const A = -0.75;
  const kernel = (d: number): number => {
    const x = Math.abs(d);
    if (x <= 1) return (A + 2) * x ** 3 - (A + 3) * x ** 2 + 1;
    return x < 2 ? A * x ** 3 - 5 * A * x ** 2 + 8 * A * x - 4 * A : 0;
  };
  const matrix = Array.from({ length: from * to }, () => 0);
  for (let row = 0; row < to; row++) {
    const source = ((row + 0.5) * from) / to - 0.5;
    for (let tap = Math.floor(source) - 1; tap <= Math.floor(source) + 2; tap++) {
      const column = Math.min(Math.max(tap, 0), from - 1);
      matrix[row * from + column]! += kernel(source - tap);
    }
  }
  return matrix;
}

describe("bicubicMatrix", () => {
  test.each([
    [32, 32],
    [1, 1],
    [7, 7],
  ])("is exactly the identity from %i to %i", (from, to) => {
    const identity = Array.from({ length: from * to }, (_, i) => (i % (from + 1) === 0 ? 1 : 0));
    expect([...bicubicMatrix(from, to)]).toEqual(identity);
  });

  test.each([
    [32, 36],
    [32, 16],
    [16, 31],
    [8, 1],
    [1, 5],
    [37, 64],
    [32, 200],
  ])("agrees with the textbook kernel from %i to %i", (from, to) => {
    const matrix = bicubicMatrix(from, to);
    const expected = naive(from, to);
    // Float32 coordinates up to 200 are exact to 1e-5, and the kernel's slope is at most 1.4.
    for (const [i, value] of matrix.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
    for (let row = 0; row < to; row++) {
      const sum = matrix.subarray(row * from, (row + 1) * from).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
  });
});
