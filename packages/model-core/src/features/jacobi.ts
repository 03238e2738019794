// Eigenvectors of a small symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5),
// in float64.

const MAX_SWEEPS = 50;

/** Eigenvalues, largest first, and their vectors as the columns of [size, size]. */
export interface Eigenvectors {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** All eigenvectors of a symmetric row-major [size, size] matrix. */
export function jacobiEigenvectors(matrix: Float64Array, size: number): Eigenvectors {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const app = a[p * size + p]!;
        const aqq = a[q * size + q]!;
        const apq = a[p * size + q]!;
        if (Math.abs(apq) <= Number.EPSILON * Math.sqrt(Math.abs(app * aqq))) continue;
        rotated = true;
        const theta = (aqq - app) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const cos = 1 / Math.hypot(t, 1);
        rotate(a, v, { size, p, q, cos, sin: t * cos });
      }
    }
    if (!rotated) break;
  }
  return sortByValue(a, v, size);
}

interface Rotation {
  readonly size: number;
  readonly p: number;
  readonly q: number;
  readonly cos: number;
  readonly sin: number;
}

function rotate(a: Float64Array, v: Float64Array, rotation: Rotation): void {
  const { size, p, q, cos, sin } = rotation;
  for (let i = 0; i < size; i++) {
    const x = a[i * size + p]!;
    const y = a[i * size + q]!;
    a[i * size + p] = cos * x - sin * y;
    a[i * size + q] = sin * x + cos * y;
  }
  for (let i = 0; i < size; i++) {
    const x = a[p * size + i]!;
    const y = a[q * size + i]!;
    a[p * size + i] = cos * x - sin * y;
    a[q * size + i] = sin * x + cos * y;
    const vx = v[i * size + p]!;
    const vy = v[i * size + q]!;
    v[i * size + p] = cos * vx - sin * vy;
    v[i * size + q] = sin * vx + cos * vy;
  }
}

function sortByValue(a: Float64Array, v: Float64Array, size: number): Eigenvectors {
  const order = Array.from({ length: size }, (_, i) => i);
  order.sort((i, j) => a[j * size + j]! - a[i * size + i]!);
  const values = new Float64Array(size);
  const vectors = new Float64Array(size * size);
  for (const [to, from] of order.entries()) {
    values[to] = a[from * size + from]!;
    for (let i = 0; i < size; i++) vectors[i * size + to] = v[i * size + from]!;
  }
  return { values, vectors };
}
