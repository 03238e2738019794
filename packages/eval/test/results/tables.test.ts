import { resultsMarkdown, resultTable, summarizeResult } from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleResult } from "./sample-result.ts";

const SIX = [
  "imagenet-1k",
  "imagenet-real",
  "imagenet-v2",
  "imagenet-a",
  "imagenet-r",
  "imagenet-sketch",
];
const LENGTHS = [50_000, 50_000, 10_000, 7_500, 30_000, 50_889];

/** A result of the report's own protocol; its sets are as long as the published ones, or shorter. */
function reportResult(base: string, options: { full: boolean; skill?: number }) {
  const { full, skill = 3 } = options;
  const sample = sampleResult(
    SIX.map((name, at) => ({ name, length: full ? LENGTHS[at]! : 90, skill })),
  );
  return {
    ...sample,
    model: { ...sample.model, name: "InternViT-6B-448px-V2_5" },
    protocol: { ...sample.protocol, base, differences: [] },
    train: { ...sample.train, length: 1_281_167 },
    warnings: [],
  };
}

test("a full run of the report's protocol stands beside the published row without reservations", () => {
  const summary = summarizeResult(reportResult("report-linear", { full: true }));
  expect(summary.reservations).toEqual([]);
  expect(summary.published?.average).toBe(78.5);
  expect(summary.sets.map(({ published }) => published)).toEqual([
    86.6, 90.1, 77.8, 73.7, 82.7, 60.0,
  ]);
  const mean = summary.sets.reduce((sum, { top1 }) => sum + top1! / 6, 0);
  expect(summary.average).toBeCloseTo(mean, 10);
});

test("says why numbers may not be compared with the published ones", () => {
  const short = reportResult("report-linear", { full: false });
  expect(summarizeResult(short).reservations[0]).toBe(
    "IN-1K has 90 pictures here, 50000 in the report",
  );
  const differences = [{ field: "epochs", own: 2, named: 10 }];
  const changed = { ...short, protocol: { ...short.protocol, differences } };
  expect(summarizeResult(changed).reservations[0]).toBe(
    "the protocol differs from the report's in epochs",
  );
  const random = { ...short, model: { ...short.model, synthesized: "seeded random numbers" } };
  expect(summarizeResult(random)).toMatchObject({
    published: null,
    reservations: ["the weights are random: seeded random numbers"],
  });
  expect(summarizeResult(sampleResult()).reservations).toEqual([
    "there are none for this protocol",
  ]);
});

test("the terminal's table has a line per set and names unreadable pictures and warnings", () => {
  expect(resultTable(sampleResult())).toMatchInlineSnapshot(`
    "InternViT-300M-448px-V2_5, fast-linear, changed, head chosen

    set      top-1      ±  top-5  pictures  unreadable
    -------  -----  -----  -----  --------  ----------
    cifar10  54.00  ±1.58  80.90      1000           4

    Changed from fast-linear: batch 1024 → 256.
    Published numbers: there are none for this protocol.
    Warning: 2 pictures are in train and in cifar10"
  `);
});

test("Markdown shows own, published and difference, and what attention pooling adds", () => {
  const linear = reportResult("report-linear", { full: false });
  const pooling = reportResult("report-attention-pooling", { full: false, skill: 5 });
  const text = resultsMarkdown([linear, pooling]);
  const lines = text.split("\n");
  expect(lines[0]).toMatch(/^\| top-1 % +\| +IN-1K \| +IN-ReaL \|.* avg. \| +Δ \|$/);
  expect(lines[1]).toMatch(/^\| -+ \| -+: \|/);
  const [published] = lines.filter((line) => line.includes("published") && line.includes("88.3"));
  expect(published).toMatch(/85\.2 \| +\+6\.7 \|$/);
  const [first, second] = [linear, pooling].map((one) => summarizeResult(one).average!);
  const gain = (second! - first!).toFixed(2);
  expect(lines.find((line) => line.includes("report-attention-pooling"))).toContain(`+${gain}`);
  expect(text).toContain("- InternViT-6B-448px-V2_5, report-linear: IN-1K has 90 pictures here");
  const remarks = resultsMarkdown([sampleResult()]);
  const row = "- InternViT-300M-448px-V2_5, fast-linear, changed: ";
  expect(remarks).toContain(`${row}Changed from fast-linear: batch 1024 → 256.`);
  expect(remarks).toContain(`${row}2 pictures are in train and in cifar10.`);
});
