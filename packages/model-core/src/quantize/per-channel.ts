// Weights as int8 with one scale per output, transposed, as com.microsoft.DynamicQuantizeMatMul takes them: a weight
// is `q · scale`, −127 ≤ q ≤ 127. Scales are float32, quotients float64 rounded half up.

/** A weight with one scale per output. */
export interface PerChannelWeight {
  /** [inputs, outputs]. */
  readonly values: Int8Array<ArrayBuffer>;
  /** [outputs]. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Rows that are transposed together: their lines of the target stay in the nearest cache. */
const BAND = 32;

/** Quantises `weights` [outputs, inputs], row-major. */
export function quantizePerChannel(
  weights: Float32Array,
  { outputs, inputs }: { readonly outputs: number; readonly inputs: number },
): PerChannelWeight {
  const values = new Int8Array(outputs * inputs);
  const scales = new Float32Array(outputs);
  const factors = new Float64Array(outputs);
  for (let row = 0; row < outputs; row++) {
    let largest = 0;
    for (let i = row * inputs; i < (row + 1) * inputs; i++) {
      largest = Math.max(largest, Math.abs(weights[i]!));
    }
    const scale = Math.fround(largest / 127);
    scales[row] = scale;
    factors[row] = scale === 0 ? 0 : 1 / scale;
  }
  for (let band = 0; band < outputs; band += BAND) {
    const end = Math.min(band + BAND, outputs);
    for (let column = 0; column < inputs; column++) {
      for (let row = band; row < end; row++) {
        const q = Math.round(weights[row * inputs + column]! * factors[row]!);
        values[column * outputs + row] = Math.min(Math.max(q, -127), 127);
      }
    }
  }
  return { values, scales };
}
