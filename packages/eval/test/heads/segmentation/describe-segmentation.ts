// The golden trainings of segmentation heads as a test suite for any runtime: one test per golden tensor.

import type { GraphRuntime } from "@internvit/model-core";
import { beforeAll, describe, expect, test } from "vitest";

import { goldenGap, toleranceOf } from "../golden-comparison.ts";
import {
  type Computed,
  type SegmentationGoldens,
  settingsOf,
  trainGoldenSegmentation,
} from "./golden-training.ts";

/** The goldens that there are. */
export const SEGMENTATION_GOLDENS = [
  "seg-linear",
  "upernet-head",
  "full-linear-rmsnorm",
  "full-upernet-layernorm",
] as const;

/** One training. */
export function describeSegmentation(
  label: string,
  createRuntime: () => GraphRuntime,
  goldens: SegmentationGoldens & {
    /** Whether evaluations before and after are compared as well. Default: true. */
    readonly evaluates?: boolean;
  },
): void {
  const { manifest, tensors, evaluates = true } = goldens;
  describe(`golden training of a segmentation head: ${label}`, () => {
    let computed: Computed;
    beforeAll(async () => {
      computed = await trainGoldenSegmentation(createRuntime(), goldens, { evaluates });
    }, 240_000);
    const expected = Object.entries(manifest.tensors).flatMap(([name, { role }]) =>
      role === "expected" && (evaluates || !name.startsWith("eval_")) ? [name] : [],
    );
    test.each(expected)("%s", (name) => {
      expect(goldenGap(name, computed.get(name) ?? [], goldens)).toBeLessThanOrEqual(
        toleranceOf(name, goldens),
      );
    });
    test("every parameter is in the group that the reference puts it in", () => {
      const { group } = settingsOf(manifest);
      for (const { lr_scale: scale, weight_decay: weightDecay, parameters } of manifest.groups) {
        for (const name of parameters) {
          expect(group(name, tensors.get(`init.${name}`)!.shape), name).toEqual({
            learningRateScale: expect.closeTo(scale, 12),
            weightDecay,
          });
        }
      }
    });
  });
}
