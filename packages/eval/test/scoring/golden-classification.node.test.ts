// Golden top-1 and top-5: PyTorch's by the published rules, exact.

import { createScorer, type LabelledPicture, type ScorerOptions } from "@internvit/eval";
import { float32Golden, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { rankRow } from "../../src/scoring/rank.ts";

interface Accuracies {
  readonly top1: number;
  readonly top5: number;
}
interface Restricted extends Accuracies {
  readonly columns: readonly number[];
  readonly first_row_top5_of_200: readonly number[];
}
const golden = readGoldenJson<{
  readonly topk: Accuracies;
  readonly real: Accuracies & { readonly labels: readonly number[][]; readonly scored: number };
  readonly imagenet_a: Restricted;
  readonly imagenet_r: Restricted;
}>("probes", "scoring.json");
const tensors = readGoldenTensors("probes", "scoring.safetensors");

const labelsOf = (name: string): readonly number[][] =>
  Array.from(tensors.get(`${name}.labels`)!.data as BigInt64Array, (label) => [Number(label)]);
const picturesOf = (labels: readonly (readonly number[])[]): readonly LabelledPicture[] =>
  labels.map((found, index) => ({ index, key: `${index}.jpg`, labels: found }));

/** The score with rows added in batches of `batch`. */
function scoreOf(
  name: string,
  options: Partial<ScorerOptions> & { labels: readonly (readonly number[])[]; batch: number },
) {
  const { shape, data } = float32Golden(tensors, `${name}.logits`);
  const width = shape[1]!;
  const scorer = createScorer({ width, ...options });
  const pictures = picturesOf(options.labels);
  for (let start = 0; start < pictures.length; start += options.batch) {
    const part = pictures.slice(start, start + options.batch);
    scorer.add(part, data.subarray(start * width, (start + part.length) * width));
  }
  return scorer.score();
}

describe.each([1, 5, 32])("golden scoring in batches of %i", (batch) => {
  test("golden: one label each, all columns", () => {
    const { top1, top5, scored } = scoreOf("topk", { labels: labelsOf("topk"), batch });
    expect({ top1, top5 }).toEqual({ top1: golden.topk.top1, top5: golden.topk.top5 });
    expect(scored).toBe(32);
  });

  test("golden: any of several labels; pictures without one are left out", () => {
    const { labels } = golden.real;
    const { top1, top5, scored, unlabelled } = scoreOf("topk", { labels, batch });
    expect({ top1, top5, scored }).toEqual({
      top1: golden.real.top1,
      top5: golden.real.top5,
      scored: golden.real.scored,
    });
    expect(unlabelled).toBe(labels.filter(({ length }) => length === 0).length);
  });

  test.each(["imagenet_a", "imagenet_r"] as const)("golden: the columns of %s", (name) => {
    const { columns } = golden[name];
    const { top1, top5 } = scoreOf(name, { labels: labelsOf(name), columns, batch });
    expect({ top1, top5 }).toEqual({ top1: golden[name].top1, top5: golden[name].top5 });
  });
});

test.each(["imagenet_a", "imagenet_r"] as const)("golden: five best labels of %s", (name) => {
  const { data } = float32Golden(tensors, `${name}.logits`);
  const best = new Int32Array(5);
  rankRow({ scores: data, start: 0, columns: Int32Array.from(golden[name].columns) }, best);
  expect([...best]).toEqual(golden[name].first_row_top5_of_200);
});
