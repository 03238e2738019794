// The report in a browser: read by axe, light and dark, wide and as narrow as a telephone.

import { htmlReport, picturesInReport } from "@internvit/eval";
import type { AxeResults } from "axe-core";
import { afterAll, describe, expect, test } from "vitest";
import { cdp, page } from "vitest/browser";

import { sampleResult } from "./sample-result.ts";

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

/** Shows the report in place of the test's own page, with everything that can be opened open. */
function show(): void {
  const parsed = new DOMParser().parseFromString(htmlReport(result, { thumbnails }), "text/html");
  document.documentElement.lang = parsed.documentElement.lang;
  document.title = parsed.title;
  document.head.querySelector("style[data-report]")?.remove();
  const style = document.head.appendChild(parsed.querySelector("style")!);
  style.dataset["report"] = "";
  document.body.replaceChildren(...parsed.body.childNodes);
  for (const details of document.querySelectorAll("details")) details.open = true;
}

describe.each(["light", "dark"])("the report, %s", (colours) => {
  test.each([1180, 360])("is accessible and fits %i pixels", async (width) => {
    await chooseColours(colours);
    await page.viewport(width, 800);
    show();
    expect(matchMedia(`(prefers-color-scheme: ${colours})`).matches).toBe(true);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(innerWidth);
    const { violations } = await axe.run();
    const problems = violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
    expect(problems).toEqual([]);
  });
});
