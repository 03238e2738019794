import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { float32Golden } from "@internvit/test-kit/portable";
import { expect, test } from "vitest";

import { resizePositions } from "../../../src/heads/segmentation/position-table.ts";

const tensors = readGoldenTensors("probes", "operations.safetensors");
const { tensors: facts } = readGoldenJson<{
  tensors: Record<string, { tolerance_abs?: number }>;
}>("probes", "operations.json");

test.each([
  [8, 10],
  [32, 36],
  [16, 32],
])("golden position embedding resized from %i² to %i² patches", (from, to) => {
  const name = `position-${from}-to-${to}x${to}`;
  const table = { dtype: "float32", ...float32Golden(tensors, `${name}.in.pos`) } as const;
  const resized = resizePositions(table, { from, to });
  const golden = float32Golden(tensors, `${name}.out`);
  expect(resized.shape).toEqual(golden.shape);
  const gap = golden.data.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - resized.data[at]!)),
    0,
  );
  expect(gap).toBeLessThanOrEqual(facts[`${name}.out`]!.tolerance_abs!);
});

test("a table of the crop's own grid stays as it is", () => {
  const table = { dtype: "float32", shape: [1, 5, 1], data: new Float32Array(5) } as const;
  expect(resizePositions(table, { from: 2, to: 2 })).toBe(table);
});
