// Bicubic resize of the position embedding to another grid, as F.interpolate(mode="bicubic", align_corners=False,
// antialias=False) does it (recipes 1.2, step 3): cubic coefficient A = −0.75, source coordinate (i + ½)·G/n − ½,
// taps outside the grid clamped to its border. The resize is separable, so it is two small matrices; the graph
// multiplies them with the embedding, and the session folds the product when it loads. Coordinates and weights are
// computed in float32 steps, as PyTorch does for float32 input.

const A = -0.75;
const f = Math.fround;

/** Weight of a tap at distance ≤ 1 from the source coordinate. */
function near(x: number): number {
  return f(f(f(f(f(A + 2) * x) - f(A + 3)) * f(x * x)) + 1);
}

/** Weight of a tap at a distance between 1 and 2. */
function far(x: number): number {
  return f(f(f(f(f(f(A * x) - f(5 * A)) * x) + f(8 * A)) * x) - f(4 * A));
}

/**
 * The matrix that resizes one axis from `from` to `to` positions, row-major `[to, from]`. Rows sum to 1; for
 * `from === to` it is the identity.
 */
export function bicubicMatrix(from: number, to: number): Float32Array<ArrayBuffer> {
  const matrix = new Float32Array(to * from);
  const scale = f(from / to);
  for (let row = 0; row < to; row++) {
    const source = f(f(scale * f(row + 0.5)) - 0.5);
    const origin = Math.floor(source);
    const t = f(source - origin);
    const weights = [far(f(t + 1)), near(t), near(f(1 - t)), far(f(f(1 - t) + 1))];
    for (let tap = 0; tap < 4; tap++) {
      const column = Math.min(Math.max(origin - 1 + tap, 0), from - 1);
      const at = row * from + column;
      matrix[at] = matrix[at]! + weights[tap]!;
    }
  }
  return matrix;
}
