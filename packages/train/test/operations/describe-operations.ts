// The golden operations as a test suite for any runtime.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import { beforeAll, describe, expect, test } from "vitest";

import { type OperationGoldens, runOperations } from "./run-operations.ts";

/** One test per golden operation: its result and all gradients, at the manifest's tolerances. */
export function describeOperations(
  label: string,
  createRuntime: () => GraphRuntime,
  goldens: OperationGoldens,
): void {
  describe(`golden operations: ${label}`, () => {
    const { manifest, tensors } = goldens;
    let computed: Readonly<Record<string, Tensor>>;
    beforeAll(async () => {
      computed = await runOperations(createRuntime(), goldens);
      // Software WebGPU compiles a shader for each operator and kind of shape.
    }, 120_000);

    test.each(Object.keys(manifest.operations))("%s", (operation) => {
      const expected = Object.entries(manifest.tensors).filter(
        ([name, { role }]) =>
          role === "expected" && name.startsWith(`${operation}.`) && !name.endsWith("@f64"),
      );
      expect(expected.length).toBeGreaterThan(1);
      for (const [
        name,
        { tolerance_abs: tolerance = 0, skip_flat_indices: skip = [] },
      ] of expected) {
        const golden = tensors.get(name)!;
        expect(computed[name]?.shape, name).toEqual(golden.shape);
        const skipped = new Set(skip);
        let largest = 0;
        for (const [at, value] of (golden.data as Float32Array).entries()) {
          const gap = Math.abs(Number(computed[name]!.data[at]) - value);
          if (!skipped.has(at) && !(gap <= largest)) largest = gap;
        }
        expect(largest, name).toBeLessThanOrEqual(tolerance);
      }
    });
  });
}
