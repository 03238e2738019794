import { compareResults, comparisonText } from "@internvit/eval";
import { expect, test } from "vitest";

import { signTest } from "../../src/results/significance.ts";
import { sampleResult } from "./sample-result.ts";

/** Of a share in percent. */
const variance = (top1: number, count: number) => (top1 * (100 - top1)) / count;

test("equal results differ in nothing", () => {
  const { differences, sets, onlyFirst, onlySecond } = compareResults(
    sampleResult(),
    sampleResult(),
  );
  expect({ differences, onlyFirst, onlySecond }).toEqual({
    differences: [],
    onlyFirst: [],
    onlySecond: [],
  });
  expect(sets).toMatchObject([{ samePictures: true, difference: 0, significance: "same" }]);
});

test("names the fields in which model, protocol, data and versions differ", () => {
  const first = sampleResult();
  const second = sampleResult(
    [
      { name: "cifar10", length: 1000 },
      { name: "other", length: 10 },
    ],
    {
      seed: 7,
      protocol: { ...first.protocol, value: { ...first.protocol.value, epochs: 20 } },
      environment: {
        ...first.environment,
        versions: { ...first.environment.versions, node: "24.0.0" },
      },
    },
  );
  const found = compareResults(first, second);
  expect(found.differences).toEqual([
    { field: "protocol.epochs", first: 10, second: 20 },
    { field: "environment.versions.node", first: "20.20.2", second: "24.0.0" },
    { field: "seed", first: 0, second: 7 },
    { field: "sets.other", first: undefined, second: expect.anything() },
  ]);
  expect(found.onlySecond).toEqual(["other"]);
});

test("the same pictures are compared one by one", () => {
  const first = sampleResult([{ name: "cifar10", length: 1000, skill: 2 }]);
  const second = sampleResult([{ name: "cifar10", length: 1000, skill: 4 }]);
  const [set] = compareResults(first, second).sets;
  const { onlyFirst, onlySecond, pValue } = set!.paired!;
  expect(onlySecond - onlyFirst).toBe(Math.round(10 * set!.difference!));
  expect(pValue).toBe(signTest(onlyFirst, onlySecond));
  expect(set!.significance).toBe("beyond chance");
});

test("other pictures are compared as independent samples", () => {
  const first = sampleResult([{ name: "cifar10", length: 1000 }]);
  const [set] = sampleResult([{ name: "cifar10", length: 400, seed: 9 }]).sets;
  const second = {
    ...first,
    sets: [{ ...set!, data: { ...set!.data, listHash: "0".repeat(64) } }],
  };
  const [compared] = compareResults(first, second).sets;
  expect(compared).toMatchObject({
    samePictures: false,
    paired: null,
    significance: "within chance",
  });
  const { first: one, second: other } = compared!;
  expect(compared!.standardError).toBeCloseTo(
    Math.sqrt(variance(one!, 1000) + variance(other!, 400)),
    10,
  );
});

test("the sign test is exact", () => {
  // scipy.stats.binomtest(k, n).pvalue
  expect(signTest(0, 0)).toBe(1);
  expect(signTest(1, 5)).toBeCloseTo(0.21875, 12);
  expect(signTest(8, 2)).toBeCloseTo(0.109375, 12);
  expect(signTest(900, 1100)).toBeCloseTo(8.45708953550381e-6, 12);
  expect(signTest(50, 50)).toBe(1);
});

test("the text shows scores, verdict and what differs", () => {
  const first = sampleResult([{ name: "cifar10", length: 1000, skill: 2 }]);
  const second = sampleResult([{ name: "cifar10", length: 1000, skill: 4 }], { seed: 3 });
  const text = comparisonText(compareResults(first, second), { names: ["a.json", "b.json"] });
  expect(text).toMatchInlineSnapshot(`
    "first:  a.json
    second: b.json

    top-1 %  first  second  difference     ±        p        verdict
    -------  -----  ------  ----------  ----  -------  -------------
    cifar10  53.50   76.00      +22.50  2.08  <0.0001  beyond chance

    What differs:
      seed: 0 → 3"
  `);
});

test("a set that only one of them has is told once", () => {
  const sets = [{ name: "cifar10", length: 1000 }];
  const [first, second] = [
    sampleResult(sets),
    sampleResult([...sets, { name: "more", length: 9 }]),
  ];
  const text = comparisonText(compareResults(first, second), { names: ["a.json", "b.json"] });
  expect(text.split("\n").filter((line) => line.includes("more"))).toEqual([
    "more: only in the second",
  ]);
  expect(text).toMatch(/What differs:\n {2}the sets$/);
});
