import { describe, expect, it } from "vitest";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "../src/float-bits.ts";
import { modelErrorOf } from "./model-error-of.ts";

const ALL_BITS = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

interface Format {
  readonly name: string;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly widen: (bits: Uint16Array) => Float32Array;
  readonly narrow: (values: Float32Array) => Uint16Array;
}

const FORMATS: readonly Format[] = [
  {
    name: "bfloat16",
    exponentBits: 8,
    mantissaBits: 7,
    widen: (bits) => bfloat16ToFloat32(bits),
    narrow: (values) => float32ToBfloat16(values),
  },
  {
    name: "float16",
    exponentBits: 5,
    mantissaBits: 10,
    widen: (bits) => float16ToFloat32(bits),
    narrow: (values) => float32ToFloat16(values),
  },
];

/** The value that the standard defines for the bits, in float64. */
function naiveValue(bits: number, { exponentBits, mantissaBits }: Format): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >>> mantissaBits;
  const mantissa = bits & (2 ** mantissaBits - 1);
  if (exponent === 2 ** exponentBits - 1) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias);
}

describe.each(FORMATS)("$name", (format) => {
  const magnitudes = Array.from({ length: 0x8000 }, (_, bits) => naiveValue(bits, format));
  const infinityBits = (2 ** format.exponentBits - 1) << format.mantissaBits;

  it("widens all 65,536 patterns to the value that the standard defines", () => {
    const expected = Float32Array.from(ALL_BITS, (bits) => naiveValue(bits, format));
    expect(format.widen(ALL_BITS)).toEqual(expected);
  });

  it("gives every pattern back, NaN payloads and the sign of zero included", () => {
    expect(format.narrow(format.widen(ALL_BITS))).toEqual(ALL_BITS);
  });

  it("rounds to the nearest, and halves to the even one, between all neighbours", () => {
    const wrong: string[] = [];
    // Between neighbours a and b: just below the middle, the middle, just above it. The middle is exact in float32.
    for (let bits = 0; bits < infinityBits; bits++) {
      const low = magnitudes[bits]!;
      // Beyond the largest finite value the next one would be infinity's place on the same grid.
      const high =
        bits + 1 === infinityBits ? 2 ** (2 ** (format.exponentBits - 1)) : magnitudes[bits + 1]!;
      const middle = low + (high - low) / 2;
      const near = new Float32Array([middle, middle, middle]);
      const view = new Uint32Array(near.buffer);
      view[0]! -= 1;
      view[2]! += 1;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const found = format.narrow(near).join();
      if (found !== [bits, even, bits + 1].join()) wrong.push(`around ${middle}: ${found}`);
    }
    expect(wrong).toEqual([]);
  });

  it("keeps signs, infinities and NaN, and turns what is too large into infinity", () => {
    const values = new Float32Array([
      -0,
      Infinity,
      -Infinity,
      3.4028234663852886e38,
      -3.4028234663852886e38,
    ]);
    expect([...format.narrow(values)]).toEqual([
      0x8000,
      infinityBits,
      infinityBits | 0x8000,
      infinityBits,
      infinityBits | 0x8000,
    ]);
  });

  it("keeps a NaN whose payload lies in the dropped bits", () => {
    const values = new Float32Array(2);
    new Uint32Array(values.buffer).set([0x7f800001, 0xff800001]);
    expect(format.widen(format.narrow(values))).toEqual(new Float32Array([NaN, NaN]));
    expect(format.narrow(values)[1]! & 0x8000).toBe(0x8000);
  });

  it("writes into part of a larger array and refuses another length", async () => {
    const whole = new Uint16Array(4);
    const narrow = format.name === "bfloat16" ? float32ToBfloat16 : float32ToFloat16;
    narrow(new Float32Array([1, -1]), whole.subarray(1, 3));
    const one = format.name === "bfloat16" ? 0x3f80 : 0x3c00;
    expect([...whole]).toEqual([0, one, one | 0x8000, 0]);
    const error = await modelErrorOf(() => narrow(new Float32Array(3), new Uint16Array(2)));
    expect(error.code).toBe("invalid-argument");
  });
});
