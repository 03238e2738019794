// Seeded random numbers for augmentation and sampling. A generator is named by a seed and a path of whole numbers,
// say the sample and the tile; its numbers depend on nothing else, so that any worker draws the same for the same
// tile, whatever it has drawn before. Integers and one exactly rounded division only: every platform agrees.

import { ModelError } from "../errors.ts";
import { philox, type Words } from "./philox.ts";

/** An endless sequence of random numbers. */
export interface Random {
  /**
   * A whole number from `minimum` to `maximum`, both included, each equally likely.
   *
   * @throws ModelError `invalid-argument` for bounds that are not whole numbers in order, or 2^32 or more apart.
   */
  integer(minimum: number, maximum: number): number;
  /** A number from 0 up to, but without, 1: a multiple of 2^-53. */
  uniform(): number;
}

const WORD = 2 ** 32;
const MOST_STEPS = 3;

/**
 * The sequence that belongs to a seed and a path of up to three whole numbers below 2^32, such as
 * `createRandom(seed, [sample, tile])`. Other paths, also shorter ones, give unrelated sequences.
 *
 * @throws ModelError `invalid-argument`
 */
export function createRandom(seed: number, path: readonly number[] = []): Random {
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new ModelError(
      "invalid-argument",
      `a seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${seed}`,
    );
  }
  const fits = path.every((step) => Number.isInteger(step) && step >= 0 && step < WORD);
  if (!fits || path.length > MOST_STEPS) {
    throw new ModelError(
      "invalid-argument",
      `a path has at most ${MOST_STEPS} whole numbers from 0 to ${WORD - 1}, got [${path.join(", ")}]`,
    );
  }
  const key = [seed % WORD, Math.floor(seed / WORD)] as const;
  const [first = 0, second = 0, third = 0] = path;
  let block = 0;
  let words: Words = [0, 0, 0, 0];
  let used: number = words.length;
  const next = (): number => {
    if (used === words.length) {
      // The two upper bits tell paths of different lengths apart; 2^30 blocks of four words come before they wrap.
      words = philox([(block | (path.length << 30)) >>> 0, first, second, third], key);
      block = (block + 1) & 0x3fffffff;
      used = 0;
    }
    return words[used++]!;
  };
  return {
    integer(minimum, maximum) {
      const count = maximum - minimum + 1;
      const whole = Number.isSafeInteger(minimum) && Number.isSafeInteger(maximum);
      if (!whole || count < 1 || count > WORD) {
        throw new ModelError(
          "invalid-argument",
          `expected whole numbers minimum <= maximum less than 2^32 apart, got ${minimum} and ${maximum}`,
        );
      }
      // Words of the last, incomplete round of the range are drawn again: they would favour its small numbers.
      const limit = WORD - (WORD % count);
      let word = next();
      while (word >= limit) word = next();
      return minimum + (word % count);
    },
    uniform() {
      const high = next() >>> 5;
      const low = next() >>> 6;
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
  };
}
