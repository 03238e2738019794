import {
  classesMarkdown,
  findPublishedSegmentation,
  PUBLISHED_SEGMENTATION_ROWS,
  reportMarkdown,
  segmentationMarkdown,
  segmentationTable,
  type SegmentationResult,
  summarizeSegmentation,
} from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleResult } from "./sample-result.ts";
import { reportSegmentation, sampleSegmentation } from "./sample-segmentation.ts";

const percent = (result: SegmentationResult) => 100 * result.val.scores[0]!.meanIou!;

test("every published average and difference is that of its row, to the printed digit", () => {
  for (const { linear, head, full, delta1, delta2 } of PUBLISHED_SEGMENTATION_ROWS) {
    for (const { sets, average } of [linear, head, full]) {
      // Means and differences of rounded numbers, themselves rounded: 0.1 apart at most.
      expect(Math.abs((sets[0] + sets[1]) / 2 - average)).toBeLessThanOrEqual(0.1 + 1e-9);
    }
    expect(Math.abs(head.average - linear.average - delta1)).toBeLessThanOrEqual(0.1 + 1e-9);
    expect(Math.abs(full.average - linear.average - delta2)).toBeLessThanOrEqual(0.1 + 1e-9);
  }
});

test("nothing is published for the 300M encoders", () => {
  expect(findPublishedSegmentation("OpenGVLab/InternViT-6B-448px-V2_5")?.delta1).toBe(15.1);
  expect(findPublishedSegmentation("OpenGVLab/InternViT-300M-448px-V2_5")).toBeUndefined();
});

test("a full run of the report's protocol by a published model stands beside its number", async () => {
  const result = await reportSegmentation({ base: "report-head-tuning", set: "ade20k" });
  const summary = summarizeSegmentation(result);
  expect(summary).toMatchObject({ probe: "head", published: 55.4, reservations: [] });
  expect(segmentationTable(result)).toContain("published  difference");
});

test("says why no published number stands there, or why it may not be compared", async () => {
  const full = await reportSegmentation({ base: "report-linear", set: "coco-stuff-164k" });
  const of = (change: Partial<SegmentationResult>) => {
    const { published, reservations } = summarizeSegmentation({ ...full, ...change });
    return [published, ...reservations];
  };
  expect(of({ train: { ...full.train, length: 40 } })).toEqual([
    35.6,
    "trained on 40 pictures, not on 118287",
  ]);
  const differences = [{ field: "batch", own: 2, named: 16 }];
  expect(of({ protocol: { ...full.protocol, differences } })).toEqual([
    null,
    "the protocol differs from the report's in batch",
  ]);
  expect(of({ protocol: { ...full.protocol, base: null } })).toEqual([
    null,
    "there are none for this protocol",
  ]);
  expect(of({ model: { ...full.model, synthesized: "seeded random numbers" } })).toEqual([
    null,
    "the weights are random: seeded random numbers",
  ]);
  const name = "InternViT-300M-448px-V2_5";
  expect(of({ model: { ...full.model, name } })).toEqual([null, `there are none for ${name}`]);
});

test("the terminal's table has a line per head and names warnings", async () => {
  const result = await sampleSegmentation({ unreadableEvery: 5 });
  expect(segmentationTable(result)).toMatchInlineSnapshot(`
    "InternViT-300M-448px-V2_5, report-linear, changed, on camvid; in percent

    head   mIoU   mAcc   aAcc  boundary IoU  pictures  unreadable
    ----  -----  -----  -----  ------------  --------  ----------
    best  46.13  61.06  72.19         21.40        10           2

    Changed from report-linear: iterations 80000 → 200.
    Published numbers: there are none for camvid.
    Warning: the block of the linear head is derived: nothing is published for 24 blocks"
  `);
});

test("the report's table has a row for each model, and Δ1 and Δ2 beside the published ones", async () => {
  const bases = ["report-linear", "report-head-tuning", "report-full-tuning"];
  const sets = ["ade20k", "coco-stuff-164k"] as const;
  const all = await Promise.all(
    bases.flatMap((base, at) =>
      sets.map((set) => reportSegmentation({ base, set, shift: 8 - 3 * at })),
    ),
  );
  const alone = await reportSegmentation({ base: "report-linear", set: "ade20k", model: "mine" });
  const text = segmentationMarkdown([...all.toReversed(), alone]);
  const [head, , own, published, gap, mine] = text.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(head).toHaveLength(12);
  expect(head!.slice(0, 4)).toEqual([
    "mIoU %",
    "linear ADE20K",
    "linear COCO-Stuff-164K",
    "linear avg.",
  ]);
  expect(head!.slice(-2)).toEqual(["Δ1", "Δ2"]);
  const scores = all.map(percent);
  const averages = [0, 2, 4].map((at) => (scores[at]! + scores[at + 1]!) / 2);
  expect(own!.slice(1, 4)).toEqual([scores[0]!, scores[1]!, averages[0]!].map((x) => x.toFixed(2)));
  expect(own!.at(-2)).toBe(`+${(averages[1]! - averages[0]!).toFixed(2)}`);
  expect(own!.at(-1)).toBe(`+${(averages[2]! - averages[0]!).toFixed(2)}`);
  expect(published!.slice(1)).toEqual(
    "39.4 35.6 37.5 55.4 49.7 52.6 58.6 51.8 55.2 +15.1 +17.7".split(" "),
  );
  expect(gap![1]).toBe(`+${(scores[0]! - 39.4).toFixed(2)}`);
  expect(mine).toEqual([
    "mine",
    percent(alone).toFixed(2),
    ...Array.from({ length: 10 }, () => "–"),
  ]);
  expect(text).toContain("- mine, report-linear, ADE20K: there are none for mine.");
});

test("a second result for the same place has a row of its own, and a changed protocol says so", async () => {
  const first = await reportSegmentation({ base: "report-linear", set: "ade20k", model: "mine" });
  const changed = {
    ...first,
    protocol: { ...first.protocol, differences: [{ field: "batch", own: 2, named: 16 }] },
  };
  const lines = segmentationMarkdown([first, first, changed]).split("\n");
  expect(lines.filter((line) => line.startsWith("| mine "))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith("| mine, changed "))).toHaveLength(1);
});

test("what the report's table has no column for stands in a second one", async () => {
  const camvid = await sampleSegmentation();
  const text = segmentationMarkdown([camvid]);
  expect(text).toMatch(/^\| other probes and sets, % /);
  expect(text).toContain("changed, camvid: Changed from report-linear: iterations 80000 → 200.");
  expect(text).toContain(
    `InternViT-300M-448px-V2_5, report-linear, changed, camvid | ${percent(camvid).toFixed(2)} |`,
  );
});

test("both tables come from any set of results", async () => {
  const [camvid, cifar] = [await sampleSegmentation(), sampleResult()];
  const both = reportMarkdown([camvid, cifar]);
  expect(both).toMatch(
    /## Image classification\n\n\| top-1 %[^]+\n## Semantic segmentation\n\n\| /,
  );
  expect(reportMarkdown([cifar])).not.toContain("segmentation");
});

test("the classes in Markdown are in the order of their labels, and an absent one has no scores", async () => {
  const result = await sampleSegmentation();
  const lines = classesMarkdown(result).trimEnd().split("\n");
  expect(lines).toHaveLength(2 + 11);
  expect(lines[2]).toContain(`| sky `);
  expect(lines[2]).toContain((100 * result.val.scores[0]!.perClass.iou[0]!).toFixed(2));
  expect(lines.at(-1)).toMatch(/^\| bicyclist +\| +– \| +– \| +– \| +0 \| +0 \|$/);
});
