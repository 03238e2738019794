import { float32Golden, goldenPath, readGoldenTensors } from "@internvit/test-kit";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { pixelUnshuffle, unshuffledGrid } from "../src/pixel-unshuffle.ts";
import type { Tensor } from "../src/tensor.ts";

function counting(shape: readonly [number, number, number, number]): Tensor<"float32"> {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length: count }, (_, i) => i) };
}

/** The formula of recipes 1.4, element by element: v2[n, i, j, (dh·r + dw)·c + k] = in[n, r·i + dh, r·j + dw, k]. */
function naive({ shape, data }: Tensor<"float32">, factor: number): Map<string, number> {
  const [count = 0, rows = 0, columns = 0, channels = 0] = shape;
  const values = new Map<string, number>();
  let at = 0;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        for (let k = 0; k < channels; k++) {
          const channel = ((y % factor) * factor + (x % factor)) * channels + k;
          const cell = [n, Math.floor(y / factor), Math.floor(x / factor)];
          values.set([...cell, channel].join(), data[at++] ?? Number.NaN);
        }
      }
    }
  }
  return values;
}

function at({ shape, data }: Tensor<"float32">, index: readonly number[]): number {
  return data[index.reduce((offset, i, axis) => offset * (shape[axis] ?? 0) + i, 0)] ?? Number.NaN;
}

describe("pixelUnshuffle golden", () => {
  const tensors = readGoldenTensors("pixel-unshuffle.safetensors");
  const bytes = readFileSync(goldenPath("pixel-unshuffle.safetensors"));
  const header = bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0)));
  const metadata = (JSON.parse(header) as Record<string, Record<string, string>>)["__metadata__"];
  const cases = [...tensors.keys()].filter((name) => name.endsWith(".in"));

  test.each(cases)("%s becomes exactly the reference's v1 and v2", (name) => {
    const index = name.slice(0, -".in".length);
    const downsampleRatio = Number(metadata?.[`scale.${index}`]);
    const input = { dtype: "float32", ...float32Golden(tensors, name) } as const;
    for (const version of ["v1", "v2"] as const) {
      const expected = float32Golden(tensors, `${index}.${version}`);
      const computed = pixelUnshuffle(input, { downsampleRatio, version });
      expect(computed.shape).toEqual(expected.shape);
      expect(computed.data).toEqual(expected.data);
    }
  });
});

describe("pixelUnshuffle", () => {
  test.each([
    { shape: [1, 2, 2, 1], factor: 2 },
    { shape: [2, 4, 10, 3], factor: 2 },
    { shape: [1, 14, 2, 5], factor: 2 },
    { shape: [3, 9, 6, 2], factor: 3 },
    { shape: [1, 4, 12, 7], factor: 4 },
    { shape: [2, 3, 5, 4], factor: 1 },
  ] as const)("follows the formula for $shape and $factor", ({ shape, factor }) => {
    const input = counting(shape);
    const downsampleRatio = 1 / factor;
    const v1 = pixelUnshuffle(input, { downsampleRatio, version: "v1" });
    const v2 = pixelUnshuffle(input, { downsampleRatio, version: "v2" });
    const [n, rows, columns, channels] = shape;
    expect(v2.shape).toEqual([n, rows / factor, columns / factor, channels * factor ** 2]);
    expect(v1.shape).toEqual([n, columns / factor, rows / factor, channels * factor ** 2]);
    const expected = naive(input, factor);
    expect(expected.size).toBe(v2.data.length);
    for (const [key, value] of expected) {
      const [image = 0, row = 0, column = 0, channel = 0] = key.split(",").map(Number);
      expect(at(v2, [image, row, column, channel])).toBe(value);
      expect(at(v1, [image, column, row, channel])).toBe(value);
    }
    expect(input).toEqual(counting(shape));
  });

  test("takes no picture at all", () => {
    const none = pixelUnshuffle(counting([0, 4, 4, 3]), { downsampleRatio: 0.5, version: "v2" });
    expect(none).toEqual({ dtype: "float32", shape: [0, 2, 2, 12], data: new Float32Array() });
  });

  test.each([
    [[1, 3, 4, 2], 0.5, /ratio of 0.5 needs sides that are a multiple of 2, got 3×4/],
    [[1, 4, 5, 2], 0.5, /a multiple of 2, got 4×5 \(rows×columns\)/],
    [[1, 4, 4, 2], 0.3, /downsampleRatio: expected 1\/r with a whole number r, got 0.3/],
    [[1, 4, 4, 2], 0, /expected 1\/r/],
    [[1, 4, 4, 2], -0.5, /expected 1\/r/],
    [[1, 4, 4, 2], 2, /expected 1\/r/],
    [[1, 4, 4, 2], Number.NaN, /expected 1\/r/],
    [[1, 4, 4, 2], Infinity, /expected 1\/r/],
  ] as const)("refuses %j with ratio %d", (shape, downsampleRatio, message) => {
    const call = () => pixelUnshuffle(counting(shape), { downsampleRatio, version: "v2" });
    expect(call).toThrow(message);
  });

  test("refuses another rank, another length and another version", () => {
    const options = { downsampleRatio: 0.5, version: "v2" } as const;
    const { data } = counting([1, 4, 4, 2]);
    expect(() => pixelUnshuffle({ dtype: "float32", shape: [16, 2], data }, options)).toThrow(
      /takes float32 \[n, rows, columns, channels\] .* got \[16, 2\] with 32 elements/,
    );
    expect(() => pixelUnshuffle({ dtype: "float32", shape: [2, 4, 4, 2], data }, options)).toThrow(
      /got \[2, 4, 4, 2\] with 32 elements/,
    );
    const v3 = { downsampleRatio: 0.5, version: "v3" as "v2" };
    expect(() => pixelUnshuffle(counting([1, 4, 4, 2]), v3)).toThrow(/v1 or v2, .* "v3"/);
  });

  test("takes ratios that are rounded decimals", () => {
    expect(unshuffledGrid({ rows: 9, columns: 6 }, 1 / 3)).toEqual({
      rows: 3,
      columns: 2,
      factor: 3,
    });
  });
});
