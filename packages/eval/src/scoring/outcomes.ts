// Right or wrong, one bit per picture: what it takes to compare two heads picture by picture, in 6 KB for 50,000.

import { EvalError } from "../errors.ts";
import { base64Digit, encodeBase64 } from "./base64.ts";

/** Bits of `count` pictures, all 0. */
export function createOutcomes(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.ceil(count / 8));
}

/** Notes that the picture at `index` was right. */
export function markRight(outcomes: Uint8Array, index: number): void {
  outcomes[index >> 3]! |= 1 << (index & 7);
}

/** True when the picture at `index` was right. */
export function wasRight(outcomes: Uint8Array, index: number): boolean {
  return ((outcomes[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** The bits in base64. */
export function encodeOutcomes(outcomes: Uint8Array): string {
  return encodeBase64(outcomes);
}

/**
 * The bits of `count` pictures from base64.
 *
 * @throws EvalError `invalid-data` when the text holds other than that many
 */
export function decodeOutcomes(text: string, count: number): Uint8Array<ArrayBuffer> {
  const outcomes = createOutcomes(count);
  const digits = text.replace(/={0,2}$/, "");
  if (text.length !== Math.ceil(outcomes.length / 3) * 4) {
    throw new EvalError(
      "invalid-data",
      `outcomes of ${count} pictures: expected ${Math.ceil(outcomes.length / 3) * 4} characters, found ${text.length}`,
    );
  }
  for (let at = 0; at < outcomes.length; at += 1) {
    const first = Math.floor((at * 4) / 3);
    const pair = (digitAt(digits, first) << 6) | digitAt(digits, first + 1);
    outcomes[at] = (pair >> (4 - 2 * (at % 3))) & 255;
  }
  return outcomes;
}

function digitAt(digits: string, at: number): number {
  const digit = base64Digit(digits[at]);
  if (digit < 0) {
    throw new EvalError("invalid-data", `outcomes: character ${at} is not base64`);
  }
  return digit;
}
