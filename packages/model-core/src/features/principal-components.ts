// The directions in which rows of numbers differ most, by orthogonal (subspace) iteration: a block of vectors is
// multiplied by XᵀX, never formed, and made orthonormal again; the small problem that is left inside the block is
// solved by Jacobi rotations, until the variances settle (Golub and Van Loan, Matrix Computations, 8.2.4 and 8.5). The
// block is wider than what is asked for, which speeds up convergence. Everything is float64 and starts from fixed
// numbers; a component's sign is that its largest weight is positive. Same rows, same result.

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
export interface PrincipalAxis {
  /** [columns], of length 1; zeros when the rows do not have so many directions. */
  readonly direction: Float64Array;
  /** Its part of the total variance of the rows that it was found in, 0 to 1. */
  readonly share: number;
}

/** Directions that were found in some rows, to look along at these rows or at others. */
export interface PrincipalBasis {
  /** [columns], the mean of the rows. */
  readonly mean: Float64Array;
  /** Largest variance first. */
  readonly axes: readonly PrincipalAxis[];
}

/** One direction and the rows along it. */
export interface PrincipalComponent {
  /** How far each row lies along it. */
  readonly scores: Float64Array;
  /** Its part of the total variance, 0 to 1. */
  readonly share: number;
}

/** The first `count` principal components, largest variance first; those that the rows do not have are zero. */
export function principalComponents(
  observations: Observations,
  options: { readonly count: number },
): readonly PrincipalComponent[] {
  const basis = fitPrincipalBasis(observations, options);
  const scores = projectRows(observations, basis);
  return basis.axes.map(({ share }, index) => ({ scores: scores[index]!, share }));
}

/** The directions of the first `count` principal components, largest variance first. */
export function fitPrincipalBasis(
  observations: Observations,
  { count }: { readonly count: number },
): PrincipalBasis {
  const { rows, columns } = observations;
  const mean = columnMeans(observations);
  const x = centered(observations, mean);
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
  const axes = Array.from({ length: count }, (_, index): PrincipalAxis => {
    const value = values[index] ?? 0;
    if (!(value > 0)) return { direction: new Float64Array(columns), share: 0 };
    const weights = Array.from({ length: size }, (_, v) => vectors[v * size + index] ?? 0);
    const direction = combine(basis, weights);
    return { direction: withSign(direction), share: value / total };
  });
  return { mean, axes };
}

/** How far each row lies along each axis, from the basis's mean: an array of [rows] per axis. */
export function projectRows(
  observations: Observations,
  { mean, axes }: PrincipalBasis,
): readonly Float64Array[] {
  const { data, rows, columns } = observations;
  return axes.map(({ direction }) => {
    const scores = new Float64Array(rows);
    for (let r = 0, i = 0; r < rows; r++) {
      let score = 0;
      for (let c = 0; c < columns; c++, i++) score += (data[i]! - mean[c]!) * direction[c]!;
      scores[r] = score;
    }
    return scores;
  });
}

function columnMeans({ data, rows, columns }: Observations): Float64Array {
  const means = new Float64Array(columns);
  for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < columns; c++) means[c]! += data[i++]!;
  for (let c = 0; c < columns; c++) means[c]! /= rows;
  return means;
}

function centered({ data, rows, columns }: Observations, mean: Float64Array): Matrix {
  const result = new Float64Array(rows * columns);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) result[i] = data[i]! - mean[c]!;
  }
  return { data: result, rows, columns };
}

/** The direction or its opposite, so that the largest weight is positive. */
function withSign(direction: Float64Array): Float64Array {
  let largest = 0;
  for (const weight of direction) if (Math.abs(weight) > Math.abs(largest)) largest = weight;
  return largest < 0 ? direction.map((weight) => -weight) : direction;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
