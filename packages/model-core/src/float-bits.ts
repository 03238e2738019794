// bfloat16 and float16 as bits, to and from float32: JavaScript has no bf16, and `Float16Array` is missing on the
// oldest supported Node. Everything is integer arithmetic on the bits (IEEE 754-2019 §3.4, §4.3.1): widening is
// exact, narrowing rounds to nearest, ties to even, overflow goes to infinity. A NaN stays a NaN with its sign and
// the upper bits of its payload, so bits -> float32 -> bits gives the same bits for all 65,536 patterns.
//
// The bits are read through a Uint32Array view, never as numbers: engines may change the payload of a NaN number.

import { ModelError } from "./errors.ts";

/** Rounds float32 values to bfloat16 bits. `output` of the same length may be passed in; it is returned. */
export function float32ToBfloat16(
  values: Float32Array,
  output: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  checkLength(values.length, output.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const u = bits[i]!;
    if ((u & 0x7fffffff) > 0x7f800000) {
      const nan = u >>> 16;
      // A payload that only lives in the dropped bits would leave an infinity.
      output[i] = (nan & 0x7f) === 0 ? nan | 0x40 : nan;
    } else {
      // Adds just under half of the last kept bit, plus that bit: the carry is round-half-to-even.
      output[i] = (u + 0x7fff + ((u >>> 16) & 1)) >>> 16;
    }
  }
  return output;
}

/** Widens bfloat16 bits to float32, exactly. `output` of the same length may be passed in; it is returned. */
export function bfloat16ToFloat32(
  bits: Uint16Array,
  output: Float32Array = new Float32Array(bits.length),
): Float32Array {
  checkLength(bits.length, output.length);
  const wide = new Uint32Array(output.buffer, output.byteOffset, output.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return output;
}

/** Rounds float32 values to float16 bits. `output` of the same length may be passed in; it is returned. */
export function float32ToFloat16(
  values: Float32Array,
  output: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  checkLength(values.length, output.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) output[i] = narrowToFloat16(bits[i]!);
  return output;
}

/** Widens float16 bits to float32, exactly. `output` of the same length may be passed in; it is returned. */
export function float16ToFloat32(
  bits: Uint16Array,
  output: Float32Array = new Float32Array(bits.length),
): Float32Array {
  checkLength(bits.length, output.length);
  const wide = new Uint32Array(output.buffer, output.byteOffset, output.length);
  for (let i = 0; i < bits.length; i++) wide[i] = widenFloat16(bits[i]!);
  return output;
}

function narrowToFloat16(u: number): number {
  const sign = (u >>> 16) & 0x8000;
  const magnitude = u & 0x7fffffff;
  // 2^16 and above, infinity, NaN. (65,520 to 65,536 reach infinity by the carry of the normal case.)
  if (magnitude >= 0x47800000) {
    if (magnitude <= 0x7f800000) return sign | 0x7c00;
    const payload = (magnitude >>> 13) & 0x3ff;
    return sign | 0x7c00 | (payload === 0 ? 0x200 : payload);
  }
  // 2^-14 and above: a normal number. 0x38000000 is the difference of the exponent biases (127 - 15), in place.
  if (magnitude >= 0x38800000) {
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal: count units of 2^-24. Below 2^-25 nothing is left.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const units = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && (units & 1) === 1) ? units + 1 : units);
}

function widenFloat16(h: number): number {
  const sign = (h & 0x8000) << 16;
  const exponent = (h >>> 10) & 0x1f;
  const mantissa = h & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // Subnormal: every one of them is a normal float32. The leading bit moves to the implicit place.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

function checkLength(input: number, output: number): void {
  if (input !== output) {
    throw new ModelError(
      "invalid-argument",
      `the output has ${output} elements, the input ${input}`,
    );
  }
}
