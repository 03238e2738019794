import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { findAccessibilityProblems } from "./accessibility.ts";
import {
  artefact,
  drop,
  openPage,
  type OpenedPage,
  PHOTOS,
  realPhotos,
  waitForFeatures,
} from "./open-page.ts";

let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  opened = await openPage({ deviceScaleFactor: 2 });
  ({ page } = opened);
  await page.getByTestId("provider").waitFor();
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

const SCREENS = [
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "tablet-light", width: 800, height: 1100, colorScheme: "light" },
  { name: "phone-light", width: 360, height: 740, colorScheme: "light" },
  { name: "phone-dark", width: 360, height: 740, colorScheme: "dark" },
] as const;

describe.each([
  ["before a picture is there", "empty"],
  ["with pictures and a picked patch", "full"],
])("%s", (_, state) => {
  beforeAll(async () => {
    if (state === "empty") return;
    const photos = realPhotos(4);
    await drop(page, photos.length === 4 ? photos : PHOTOS);
    await waitForFeatures(page, photos.length === 4 ? 4 : PHOTOS.length);
    await page.getByTestId("colors").locator(".patches").click();
    await page.mouse.move(0, 0);
  });

  test.each(SCREENS)("$name: it fits, axe finds nothing", async (screen) => {
    const { name, width, height, colorScheme } = screen;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => {
      scrollTo({ top: 0, behavior: "instant" });
      return new Promise(requestAnimationFrame);
    });
    await page.screenshot({ path: artefact(`${state}-${name}`), fullPage: true });
    const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(scrollWidth).toBeLessThanOrEqual(width);
    expect(await findAccessibilityProblems(page)).toEqual([]);
  });
});

test("canvases have the screen's own pixels", async () => {
  const ratios = await page
    .locator("canvas")
    .evaluateAll((canvases) =>
      canvases
        .filter((canvas) => canvas.clientWidth > 0)
        .map(
          (canvas) => (canvas as HTMLCanvasElement).width / canvas.getBoundingClientRect().width,
        ),
    );
  expect(ratios.length).toBeGreaterThan(10);
  for (const ratio of ratios) expect(ratio).toBeCloseTo(2, 1);
});

test("the switch overrules the system, and is remembered", async () => {
  await page.emulateMedia({ colorScheme: "light" });
  const background = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByText("Dark", { exact: true }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
  await page.getByText("System", { exact: true }).click();
  expect(await background()).toBe(light);
});

test("nothing complained", () => {
  expect(opened.complaints).toEqual([]);
});
