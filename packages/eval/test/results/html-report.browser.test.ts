// The reports in a browser: read by axe, light and dark, wide and as narrow as a telephone.

import {
  type ExamplePictures,
  htmlReport,
  picturesInReport,
  segmentationHtmlReport,
} from "@internvit/eval";
import type { AxeResults } from "axe-core";
import { afterAll, describe, expect, test } from "vitest";
import { cdp, page } from "vitest/browser";

import { sampleResult } from "./sample-result.ts";
import { sampleSegmentation } from "./sample-segmentation.ts";

// No ES module: it makes a global.
await import("axe-core");
declare const axe: { run(): Promise<AxeResults> };

/** What is needed of the browser's own protocol. */
interface DevTools {
  send(method: string, parameters: object): Promise<unknown>;
}
const devTools = cdp() as unknown as DevTools;

const chooseColours = (value: string) =>
  devTools.send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value }],
  });
afterAll(() => chooseColours(""));

const thousand = Array.from({ length: 1000 }, (_, at) => `a class of a long name ${at}`);
const result = sampleResult(
  [
    { name: "cifar10", length: 1000, unreadableEvery: 250 },
    { name: "imagenet-1k", length: 3000, classes: thousand, skill: 6 },
  ],
  { heads: ["average", "raw"].map((name) => ({ name, epoch: 10, choice: "last epoch" })) },
);
const dot = document.createElement("canvas").toDataURL();
const [shown] = picturesInReport(result).get("cifar10")!;
const thumbnails = new Map([["cifar10", new Map([[shown!, dot]])]]);

const manyClasses = Array.from({ length: 150 }, (_, at) => `a class of a long name ${at}`);
const segmented = await sampleSegmentation({ classes: manyClasses, unreadableEvery: 5 });
const maps: ExamplePictures = {
  input: dot,
  truth: dot,
  prediction: dot,
  errors: dot,
  labels: manyClasses.map((_, at) => at),
  hasIgnored: true,
};
const pages = {
  classification: htmlReport(result, { thumbnails }),
  segmentation: segmentationHtmlReport(segmented, {
    pictures: new Map(segmented.val.examples.map(({ index }) => [index, maps])),
  }),
};

/** Shows the report in place of the test's own page, with everything that can be opened open. */
function show(report: string): void {
  const parsed = new DOMParser().parseFromString(report, "text/html");
  document.documentElement.lang = parsed.documentElement.lang;
  document.title = parsed.title;
  document.head.querySelector("style[data-report]")?.remove();
  const style = document.head.appendChild(parsed.querySelector("style")!);
  style.dataset["report"] = "";
  document.body.replaceChildren(...parsed.body.childNodes);
  for (const details of document.querySelectorAll("details")) details.open = true;
}

const cases = (["classification", "segmentation"] as const).flatMap((kind) =>
  ["light", "dark"].map((colours) => ({ kind, colours })),
);

describe.each(cases)("the report of $kind, $colours", ({ kind, colours }) => {
  test.each([1180, 360])("is accessible and fits %i pixels", async (width) => {
    await chooseColours(colours);
    await page.viewport(width, 800);
    show(pages[kind]);
    expect(matchMedia(`(prefers-color-scheme: ${colours})`).matches).toBe(true);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(innerWidth);
    const { violations } = await axe.run();
    const problems = violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
    expect(problems).toEqual([]);
  });
});
