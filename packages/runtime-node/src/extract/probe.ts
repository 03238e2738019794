// What an encoder makes of one fixed picture of noise: shapes of its outputs, and a few numbers of each by which
// other weights are noticed, whatever folder they are in.

import { type EncoderOutput, featureOf, type VisionEncoder } from "@internvit/model-core";

/** The outputs for the fixed picture. */
export interface Probe {
  /** By output, without the first axis. */
  readonly rowShapes: Readonly<Record<string, readonly number[]>>;
  /** By output, at most 64 values that are spread evenly. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

const VALUES = 64;

/**
 * How far values of the same weights may be apart, of the largest one: more than the noise of kernels that do not
 * always add in the same order, far less than what other weights make.
 */
const TOLERANCE = 1e-3;

/** Runs the encoder on the fixed picture. */
export async function probeEncoder(
  encoder: VisionEncoder,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<Probe> {
  const { height, width } = encoder.info.inputSize;
  const data = noise(height * width * 3);
  const features = await encoder.encode(
    { dtype: "uint8", shape: [1, height, width, 3], data },
    signal === undefined ? {} : { signal },
  );
  const rowShapes: Record<string, readonly number[]> = {};
  const values: Record<string, readonly number[]> = {};
  for (const output of encoder.info.outputs) {
    const tensor = featureOf(features, output satisfies EncoderOutput);
    rowShapes[output] = tensor.shape.slice(1);
    const count = Math.min(VALUES, tensor.data.length);
    values[output] = Array.from(
      { length: count },
      (_, i) => tensor.data[Math.floor((i * tensor.data.length) / count)] ?? 0,
    );
  }
  return { rowShapes, values };
}

/** Whether two probes can be of the same weights. */
export function sameWeights(a: Probe, b: Probe): boolean {
  return Object.entries(a.values).every(([output, values]) => {
    const others = b.values[output] ?? [];
    const largest = Math.max(...values.map(Math.abs), ...others.map(Math.abs));
    return (
      values.length === others.length &&
      values.every((value, i) => Math.abs(value - (others[i] ?? 0)) <= TOLERANCE * largest)
    );
  });
}

/** Seeded bytes: the linear congruential generator of Numerical Recipes, its upper bits. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = state >>> 24;
  }
  return data;
}
