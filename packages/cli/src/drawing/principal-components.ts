// The directions in which rows of numbers differ most, by orthogonal (subspace) iteration: a block of vectors is
// multiplied by XᵀX, never formed, and made orthonormal again; the small
// problem that is left inside the block is solved by Jacobi rotations, until the variances settle (Golub and Van Loan, Matrix
// Computations, 8.2.4 and 8.5). The block is wider than what is asked for, which speeds up convergence. Everything is
// float64 and starts from fixed numbers; a component's sign is that its largest weight is positive. Same rows, same
// result.

import { jacobiEigenvectors } from "./jacobi.ts";
import {
  combine,
  gram,
  type Matrix,
  multiply,
  multiplyTransposed,
  orthonormalize,
  startingBlock,
} from "./vector-block.ts";

/** Vectors iterated besides those that are asked for. */
const EXTRA_VECTORS = 5;
const MAX_ITERATIONS = 40;
/** Relative growth of the components' variance at which the iteration ends: far below one step of a colour. */
const TOLERANCE = 1e-6;

/** Row-major numbers [rows, columns]. */
export interface Observations {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

/** One direction. */
export interface PrincipalComponent {
  /** How far each row lies along it. */
  readonly scores: Float64Array;
  /** Its part of the total variance, 0 to 1. */
  readonly share: number;
}

/** The first `count` principal components, largest variance first; those that the rows do not have are zero. */
export function principalComponents(
  observations: Observations,
  { count }: { readonly count: number },
): readonly PrincipalComponent[] {
  const { rows, columns } = observations;
  const x = centerColumns(observations);
  const size = Math.min(count + EXTRA_VECTORS, rows, columns);
  let basis = startingBlock(size, columns);
  orthonormalize(basis);
  let projected = multiply(x, basis);
  let found = jacobiEigenvectors(gram(projected), size);
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    basis = multiplyTransposed(x, projected);
    orthonormalize(basis);
    projected = multiply(x, basis);
    const before = sum(found.values.subarray(0, count));
    found = jacobiEigenvectors(gram(projected), size);
    const variance = sum(found.values.subarray(0, count));
    if (variance - before <= TOLERANCE * variance) break;
  }
  const total = sum(x.data.map((value) => value * value));
  const { values, vectors } = found;
  return Array.from({ length: count }, (_, index) => {
    const value = values[index] ?? 0;
    if (!(value > 0)) return { scores: new Float64Array(rows), share: 0 };
    const weights = Array.from({ length: size }, (_, v) => vectors[v * size + index] ?? 0);
    const sign = signOfLargest(combine(basis, weights));
    return {
      scores: combine(
        projected,
        weights.map((w) => w * sign),
      ),
      share: value / total,
    };
  });
}

function centerColumns({ data, rows, columns }: Observations): Matrix {
  const means = new Float64Array(columns);
  for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < columns; c++) means[c]! += data[i++]!;
  for (let c = 0; c < columns; c++) means[c]! /= rows;
  const centered = new Float64Array(rows * columns);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) centered[i] = data[i]! - means[c]!;
  }
  return { data: centered, rows, columns };
}

function signOfLargest(values: Float64Array): 1 | -1 {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
