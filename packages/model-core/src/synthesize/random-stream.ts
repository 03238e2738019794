// Seeded bell-shaped numbers that are the same on every platform: xoshiro128** (Blackman and Vigna, "Scrambled
// linear pseudorandom number generators", 2018) in 32-bit integers, four 16-bit uniforms summed, then one product
// and one sum in float64, each exactly rounded by the standard. No logarithm or cosine: engines may differ there.
//
// The sum of four uniforms is close to a normal distribution up to 2 deviations and ends at 3.46.

/** Mean of the sum of four uniform integers in [0, 65535]. */
const SUM_MEAN = 131_070;
/** Its standard deviation, √(4 · (65536² − 1) / 12). */
const SUM_DEVIATION = 37_837.227_237_206_48;

/** How the numbers are distributed. */
export interface Distribution {
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

/** An endless sequence of numbers; where it is cut into pieces makes no difference. */
export interface RandomStream {
  /** Overwrites `output` with the next numbers, rounded to float32. */
  fillNext(output: Float32Array, distribution: Distribution): void;
}

/** The sequence that belongs to a seed (32 bits) and a name. */
export function createRandomStream(seed: number, name: string): RandomStream {
  const state = new Uint32Array(4);
  state[0] = mix(seed);
  state[1] = mix(hashName(name, 0x811c9dc5));
  state[2] = mix(hashName(name, 0x9e3779b9));
  // Never zero, so that the state never is.
  state[3] = 0x6a09e667;
  const stream: RandomStream = {
    fillNext(output, { mean, deviation }) {
      fillSums(output, state);
      const scale = deviation / SUM_DEVIATION;
      for (let i = 0; i < output.length; i++) output[i] = mean + (output[i]! - SUM_MEAN) * scale;
    },
  };
  // The first numbers of similar states are similar.
  fillSums(new Float32Array(16), state);
  return stream;
}

/** Sums of four uniform 16-bit integers; float32 holds them exactly. */
function fillSums(output: Float32Array, state: Uint32Array): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  for (let i = 0; i < output.length; i++) {
    let sum = 0;
    // Two 32-bit outputs, two 16-bit halves each. Math.imul and | 0 keep everything in wrapping 32-bit integers.
    for (let word = 0; word < 2; word++) {
      const five = Math.imul(b, 5);
      const result = Math.imul((five << 7) | (five >>> 25), 9);
      sum += (result & 0xffff) + (result >>> 16);
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
    }
    output[i] = sum;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** FNV-1a over UTF-16 code units. */
function hashName(name: string, basis: number): number {
  let hash = basis | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

/** A bijection of 32-bit integers in which every input bit reaches every output bit (MurmurHash3's finaliser). */
function mix(value: number): number {
  let x = (value + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
