// The golden trainings of classification heads as a test suite for any runtime: every number that the manifest expects.

import type { GraphRuntime } from "@internvit/model-core";
import { beforeAll, describe, expect, test } from "vitest";

import { goldenGap, toleranceOf } from "./golden-comparison.ts";
import { type HeadGoldens, trainGoldenHead } from "./train-golden-head.ts";

/** The goldens that there are. */
export const HEAD_GOLDENS = ["linear-probe-soft", "linear-probe-hard", "attention-probe"] as const;

/** One training, one test per golden tensor. */
export function describeGoldenHead(
  label: string,
  createRuntime: () => GraphRuntime,
  goldens: HeadGoldens,
): void {
  const { manifest, tensors } = goldens;
  describe(`golden training of a head: ${label}`, () => {
    let computed: ReadonlyMap<string, ArrayLike<number | bigint>>;
    beforeAll(async () => {
      computed = await trainGoldenHead(createRuntime(), goldens);
    }, 240_000);
    const expected = Object.entries(manifest.tensors).filter(([, { role }]) => role === "expected");
    test.each(expected.map(([name]) => name))("%s", (name) => {
      expect(goldenGap(name, computed.get(name) ?? [], goldens)).toBeLessThanOrEqual(
        toleranceOf(name, goldens),
      );
    });
    test.each(Object.keys(manifest.held_correct_top1_top5))("hits of held.%s", (name) => {
      const labels = (tensors.get("labels")!.data as BigInt64Array).slice(manifest.train_rows);
      const { classes } = manifest;
      const logits = computed.get(`held.${name}`)! as Float32Array;
      const ranks = Array.from(labels, (own, row) => {
        const scores = logits.subarray(row * classes, (row + 1) * classes);
        return scores.filter((score) => score > scores[Number(own)]!).length;
      });
      const hits = [1, 5].map((most) => ranks.filter((rank) => rank < most).length);
      expect(hits).toEqual(manifest.held_correct_top1_top5[name]);
    });
  });
}
