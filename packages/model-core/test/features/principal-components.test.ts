import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { jacobiEigenvectors } from "../../src/features/jacobi.ts";
import { principalComponents } from "../../src/features/principal-components.ts";

/** Rows along three orthogonal directions, whose lengths do not depend on each other, and a little noise. */
function threeDirections(rows: number, columns: number): Float64Array {
  const random = createRandom(3);
  const data = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    // Waves of different frequency are orthogonal over whole periods.
    const lengths = [9, 4, 1].map((size, k) => size * Math.cos((2 * Math.PI * (k + 1) * r) / rows));
    for (let i = 0; i < columns; i++) {
      data[r * columns + i] = 5 + lengths[i % 3]! + 0.01 * random.next();
    }
  }
  return data;
}

describe("principalComponents", () => {
  it("finds the directions in the order of their variance", () => {
    const [rows, columns] = [200, 30];
    const data = threeDirections(rows, columns);
    const components = principalComponents({ data, rows, columns }, { count: 3 });
    const shares = components.map(({ share }) => share);
    expect(shares[0]).toBeGreaterThan(shares[1]!);
    expect(shares[1]).toBeGreaterThan(shares[2]!);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    for (const [index, { scores }] of components.entries()) {
      // Each row's first columns are the directions themselves; the score is √10 of it, centred.
      for (let r = 1; r < rows; r++) {
        const step = data[r * columns + index]! - data[(r - 1) * columns + index]!;
        expect(scores[r]! - scores[r - 1]!).toBeCloseTo(Math.sqrt(10) * step, 0);
      }
      expect(scores.reduce((sum, score) => sum + score, 0) / rows).toBeCloseTo(0, 6);
    }
  });

  it("agrees with all eigenvectors of the covariance", () => {
    const random = createRandom(11);
    const [rows, columns] = [60, 17];
    const data = Float64Array.from(
      { length: rows * columns },
      (_, i) => random.next() * ((i % columns) + 1),
    );
    const means = Array.from({ length: columns }, (_, c) => {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += data[r * columns + c]!;
      return sum / rows;
    });
    const covariance = Float64Array.from({ length: columns * columns }, (_, i) => {
      const [a, b] = [Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        sum += (data[r * columns + a]! - means[a]!) * (data[r * columns + b]! - means[b]!);
      }
      return sum;
    });
    const { values } = jacobiEigenvectors(covariance, columns);
    const total = values.reduce((sum, value) => sum + value, 0);
    const components = principalComponents({ data, rows, columns }, { count: 3 });
    for (const [index, { share, scores }] of components.entries()) {
      expect(share).toBeCloseTo(values[index]! / total, 4);
      const variance = scores.reduce((sum, score) => sum + score * score, 0);
      expect(variance / total).toBeCloseTo(share, 10);
    }
  });

  it.each([
    ["one row", 1, 5],
    ["one column", 5, 1],
    ["two columns", 7, 2],
  ])("gives zeros for components that are not there: %s", (_, rows, columns) => {
    const data = Float64Array.from({ length: rows * columns }, (_, i) => i * i);
    const components = principalComponents({ data, rows, columns }, { count: 3 });
    expect(components).toHaveLength(3);
    for (const { scores } of components) expect(scores.every(Number.isFinite)).toBe(true);
    expect(components[2]).toEqual({ scores: new Float64Array(rows), share: 0 });
  });

  it("gives zeros for rows that are all equal", () => {
    const data = new Float64Array(40).fill(3);
    for (const { share } of principalComponents({ data, rows: 10, columns: 4 }, { count: 3 })) {
      expect(share).toBe(0);
    }
  });

  it("does not depend on the sign or the place of the rows", () => {
    const [rows, columns] = [50, 12];
    const data = threeDirections(rows, columns);
    const moved = data.map((value) => value + 100);
    const a = principalComponents({ data, rows, columns }, { count: 3 });
    const b = principalComponents({ data: moved, rows, columns }, { count: 3 });
    for (const index of [0, 1, 2]) {
      for (let r = 0; r < rows; r++) {
        expect(b[index]!.scores[r]).toBeCloseTo(a[index]!.scores[r]!, 6);
      }
    }
  });
});
