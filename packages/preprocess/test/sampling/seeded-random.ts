// A small generator for tests that must draw the same numbers every time (mulberry32).

import type { RandomIntegers } from "../../src/index.ts";

/** Whole numbers that depend on `seed` only. */
export function seededRandom(seed: number): RandomIntegers {
  let state = seed;
  return {
    integer(minimum, maximum) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
      return minimum + Math.floor(fraction * (maximum - minimum + 1));
    },
  };
}
