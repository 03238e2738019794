import { htmlReport, picturesInReport } from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleResult } from "./sample-result.ts";

const PICTURE = "data:image/png;base64,iVBORw0KGgo=";

test("is one file that asks for nothing", () => {
  const page = htmlReport(sampleResult());
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  expect(page).not.toMatch(/<script|<link|https?:|@import|url\((?!#)/);
});

test("what is in a result cannot become markup", () => {
  const evil = '"><script>alert(1)</script>';
  const sample = sampleResult([
    { name: evil, length: 40, classes: [evil, "'b' & c"], unreadableEvery: 9 },
  ]);
  const page = htmlReport({
    ...sample,
    model: { ...sample.model, name: evil },
    curves: [{ ...sample.curves[0]!, name: evil }],
    warnings: [evil],
  });
  expect(page).not.toContain("<script");
  expect(page).toContain("&#39;b&#39; &amp; c");
});

test("shows the pictures of the worst classes, and the name of one that is not there", () => {
  const result = sampleResult();
  const [first, ...others] = picturesInReport(result).get("cifar10")!;
  const addresses = new Map([[first!, PICTURE]]);
  const page = htmlReport(result, { thumbnails: new Map([["cifar10", addresses]]) });
  expect(page).toContain(PICTURE);
  const { key } = result.sets[0]!.scores[0]!.worstClasses.flatMap(({ examples }) => examples).find(
    ({ index }) => index === others[0],
  )!;
  expect(page).toContain(key);
});

test("an address that is no picture is left out", () => {
  const result = sampleResult();
  const [first] = picturesInReport(result).get("cifar10")!;
  for (const address of [
    "https://example.com/a.png",
    "data:text/html,x",
    `${PICTURE}" onload="x`,
  ]) {
    const page = htmlReport(result, {
      thumbnails: new Map([["cifar10", new Map([[first!, address]])]]),
    });
    expect(page).not.toContain(address.slice(0, 22) === PICTURE.slice(0, 22) ? "onload" : address);
  }
});

test("a result without grid, curves or pictures is a page, too", () => {
  const result = sampleResult([{ name: "none", length: 0 }], {
    grid: [],
    curves: [],
    warnings: [],
  });
  const page = htmlReport(result);
  expect(page).toContain("none: –");
  expect(page).not.toMatch(/NaN|undefined|Infinity|null %/);
});

test("no number is missing from a full page", () => {
  const result = sampleResult();
  expect(htmlReport(result)).not.toMatch(/NaN|undefined|Infinity/);
  const [entry] = result.grid.filter(({ chosen }) => chosen);
  expect(htmlReport(result)).toContain(entry!.heldOut!.toFixed(2));
});

test("a rate is told by its digits, however small, and nothing stands between two steps", () => {
  const curve = {
    name: "learning rate",
    line: "",
    x: "step",
    unit: "rate",
    points: [
      [1, 0],
      [2, 2.4e-8],
    ],
  } as const;
  const page = htmlReport(sampleResult(undefined, { curves: [curve] }));
  expect(page).toContain("ends at 2.4e−8 (step 2)");
  expect(ticksOf(page)).toEqual(["0", "5e−9", "1.0e−8", "1.5e−8", "2.0e−8", "2.5e−8", "1", "2"]);
});

test("a single score stands in the middle of its diagram, and no percentage is below 0", () => {
  const curve = { name: "top-1", line: "", x: "epoch", unit: "percent" } as const;
  const page = htmlReport(sampleResult(undefined, { curves: [{ ...curve, points: [[12, 0]] }] }));
  expect(ticksOf(page)).toEqual(["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "11", "12", "13"]);
});

/** The numbers at the axes of the first diagram, from below and from the left. */
function ticksOf(page: string): readonly string[] {
  const [diagram = ""] = /<svg[^>]*role="img"[^]*?<\/svg>/.exec(page)!;
  return [...diagram.matchAll(/<text\s(?!\s*class)[^>]*>\s*([^<]*?)\s*<\/text>/g)].map(
    ([, text = ""]) => text,
  );
}

test("of many lines the chosen head leads, and one that diverges is cut off", () => {
  const result = sampleResult();
  const [curve] = result.curves;
  const curves = result.grid.map((entry, at) => ({
    ...curve!,
    line: `lr=${entry.learningRate},wd=${entry.weightDecay}`,
    points: curve!.points.map(([step, loss]): readonly [number, number] => [
      step,
      at === 12 ? loss * step : loss,
    ]),
  }));
  const page = htmlReport({ ...result, curves });
  expect(page).toContain("lr=0.1,wd=0 ends at");
  expect(page).toContain("25 other heads of the grid");
  expect(page).not.toContain("lr=10,wd=0 ends at");
  expect(page.match(/class="line other"/g)).toHaveLength(26);
});
