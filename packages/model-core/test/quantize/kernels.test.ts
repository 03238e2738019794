import { describe, expect, test } from "vitest";

import { quantizeBlockwise } from "../../src/quantize/blockwise.ts";
import { quantizePerChannel } from "../../src/quantize/per-channel.ts";
import { createRandom } from "../../src/random/random.ts";

function randomWeights(count: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => random.integer(-1000, 1000) / 700);
}

function half(bytes: Uint8Array, index: number): number {
  return (bytes[index >> 1]! >> ((index & 1) * 4)) & 15;
}

/** What MatMulNBits makes of the bytes: (q − zero point) · scale, ten lines and slow. */
function dequantize(
  { values, scales, zeroPoints }: ReturnType<typeof quantizeBlockwise>,
  { outputs, inputs, bits, blockSize }: Parameters<typeof quantizeBlockwise>[1],
): Float64Array {
  const blocks = Math.ceil(inputs / blockSize);
  return Float64Array.from({ length: outputs * inputs }, (_, i) => {
    const [row, column] = [Math.floor(i / inputs), i % inputs];
    const block = row * blocks + Math.floor(column / blockSize);
    const at = block * blockSize + (column % blockSize);
    if (zeroPoints === undefined) return (values[at]! - 128) * scales[block]!;
    const zeros = zeroPoints.subarray(row * Math.ceil(blocks / 2));
    expect(bits).toBe(4);
    return (half(values, at) - half(zeros, block - row * blocks)) * scales[block]!;
  });
}

describe("quantizeBlockwise", () => {
  test.each([
    { outputs: 5, inputs: 64, bits: 8, blockSize: 32 },
    { outputs: 3, inputs: 72, bits: 8, blockSize: 64 },
    { outputs: 1, inputs: 1, bits: 8, blockSize: 16 },
    { outputs: 5, inputs: 96, bits: 4, blockSize: 32 },
    { outputs: 4, inputs: 37, bits: 4, blockSize: 16 },
    { outputs: 1, inputs: 1, bits: 4, blockSize: 16 },
  ] as const)("is at most half a step off: %o", (options) => {
    const { outputs, inputs, blockSize } = options;
    const weights = randomWeights(outputs * inputs, inputs);
    const quantized = quantizeBlockwise(weights, options);
    const blocks = Math.ceil(inputs / blockSize);
    expect(quantized.scales).toHaveLength(outputs * blocks);
    for (const [i, value] of dequantize(quantized, options).entries()) {
      const block = Math.floor(i / inputs) * blocks + Math.floor((i % inputs) / blockSize);
      // Four bits have a zero point that is rounded, too: half a step more at an end of the range.
      const steps = options.bits === 8 ? 0.5 : 1;
      const limit = steps * quantized.scales[block]! * (1 + 1e-6);
      expect(Math.abs(value - weights[i]!)).toBeLessThanOrEqual(limit);
    }
  });

  test("keeps zeros, ends of the range and blocks of nothing but zeros", () => {
    const options = { outputs: 2, inputs: 16, bits: 8, blockSize: 16 } as const;
    const weights = new Float32Array(32);
    weights.set([1, -1, 0, 0.5], 16);
    const { values, scales } = quantizeBlockwise(weights, options);
    expect(scales[0]).toBe(0);
    expect([...values.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, () => 128));
    expect([...values.subarray(16, 20)]).toEqual([255, 1, 128, 192]);
    const four = quantizeBlockwise(weights, { ...options, bits: 4 });
    expect([...dequantize(four, { ...options, bits: 4 }).subarray(0, 16)]).toEqual(
      Array.from({ length: 16 }, () => 0),
    );
    expect(dequantize(four, { ...options, bits: 4 })[18]).toBe(0);
  });
});

describe("quantizePerChannel", () => {
  test.each([
    [1, 1],
    [7, 5],
    [33, 65],
  ])("is the naive quotient, transposed: %i outputs of %i inputs", (outputs, inputs) => {
    const weights = randomWeights(outputs * inputs, outputs);
    const { values, scales } = quantizePerChannel(weights, { outputs, inputs });
    for (let row = 0; row < outputs; row++) {
      const own = weights.subarray(row * inputs, (row + 1) * inputs);
      const scale = Math.fround(Math.max(...own.map(Math.abs)) / 127);
      expect(scales[row]).toBe(scale);
      for (const [column, weight] of own.entries()) {
        const q = Math.max(-127, Math.min(127, Math.round(weight * (1 / scale))));
        // `+ 0`: an integer array has no negative zero.
        expect(values[column * outputs + row]).toBe(q + 0);
      }
    }
  });

  test("makes nothing but zeros of a row of zeros", () => {
    const { values, scales } = quantizePerChannel(new Float32Array(6), { outputs: 2, inputs: 3 });
    expect([...values, ...scales]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
