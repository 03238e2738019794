// A few long vectors that are worked on together, one after the other in memory: [count, length], float64.

/** A block of vectors. */
export interface VectorBlock {
  readonly data: Float64Array;
  readonly count: number;
  readonly length: number;
}

/** Row-major numbers [rows, columns]. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Fixed numbers in (-1, 1) without structure (a 32-bit linear congruential sequence). */
export function startingBlock(count: number, length: number): VectorBlock {
  const data = new Float64Array(count * length);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return { data, count, length };
}

/** X·v for each vector v. */
export function multiply(x: Matrix, { data, count }: VectorBlock): VectorBlock {
  const { rows, columns } = x;
  const result = new Float64Array(count * rows);
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    for (let v = 0; v < count; v++) {
      const vector = v * columns;
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += x.data[row + c]! * data[vector + c]!;
      result[v * rows + r] = sum;
    }
  }
  return { data: result, count, length: rows };
}

/** Xᵀ·v for each vector v. */
export function multiplyTransposed(x: Matrix, { data, count }: VectorBlock): VectorBlock {
  const { rows, columns } = x;
  const result = new Float64Array(count * columns);
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    for (let v = 0; v < count; v++) {
      const vector = v * columns;
      const factor = data[v * rows + r]!;
      for (let c = 0; c < columns; c++) result[vector + c]! += factor * x.data[row + c]!;
    }
  }
  return { data: result, count, length: columns };
}

/** Gram-Schmidt in place, twice for accuracy; a vector that the ones before it span becomes zero. */
export function orthonormalize(block: VectorBlock): void {
  const { data, count, length } = block;
  for (let b = 0; b < count; b++) {
    const before = Math.sqrt(dot(block, b, b));
    for (let pass = 0; pass < 2; pass++) {
      for (let a = 0; a < b; a++) {
        const overlap = dot(block, a, b);
        for (let i = 0; i < length; i++) data[b * length + i]! -= overlap * data[a * length + i]!;
      }
    }
    const after = Math.sqrt(dot(block, b, b));
    const scale = after > before * 1e-12 ? 1 / after : 0;
    for (let i = 0; i < length; i++) data[b * length + i]! *= scale;
  }
}

/** The products of all pairs: symmetric, [count, count]. */
export function gram(block: VectorBlock): Float64Array {
  const { count } = block;
  return Float64Array.from({ length: count * count }, (_, i) =>
    dot(block, Math.floor(i / count), i % count),
  );
}

/** The sum of the vectors, each times its weight. */
export function combine(block: VectorBlock, weights: readonly number[]): Float64Array {
  const { data, length } = block;
  const sum = new Float64Array(length);
  for (const [v, weight] of weights.entries()) {
    for (let i = 0; i < length; i++) sum[i]! += weight * data[v * length + i]!;
  }
  return sum;
}

/** The product of two of the vectors. */
function dot({ data, length }: VectorBlock, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += data[a * length + i]! * data[b * length + i]!;
  return sum;
}
