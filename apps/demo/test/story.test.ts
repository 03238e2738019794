import { planTiles } from "@internvit/model-core";
import { fixturePath } from "@internvit/test-kit";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  drop,
  openPage,
  type OpenedPage,
  PHOTOS,
  pixelsOf,
  realPhotos,
  textOf,
  waitForFeatures,
} from "./open-page.ts";

// One visit from the first picture to the last view; each test goes on where the one before it stopped.
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  opened = await openPage();
  ({ page } = opened);
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

/** Height and width of the first photo. */
const SIZE = { width: 1024, height: 683 };

test("the embedded model is there at once, and says that it is random and what it runs on", async () => {
  await page.getByTestId("provider").waitFor();
  expect(await textOf(page, "provider")).toBe("WebAssembly");
  expect(Number(await textOf(page, "threads"))).toBeGreaterThanOrEqual(1);
  expect(await textOf(page, "random")).toContain("learned nothing");
  expect(await textOf(page, "remarks")).toContain("computes on the CPU, not a GPU");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test("a picture that is dropped becomes features in colours, with the time of every stage", async () => {
  await drop(page, [PHOTOS[0]!]);
  await waitForFeatures(page, 1);
  const colors = await page.getByTestId("colors").locator("canvas").evaluate(countColors);
  expect(colors).toBeGreaterThan(100);
  expect(await textOf(page, "palette")).toContain("fitted on photo-420.jpg");
  const cells = await page.locator("#timing tbody td").allTextContents();
  expect(cells).toHaveLength(4);
  for (const cell of cells) expect(cell).toMatch(/^[\d.]+ m?s$/);
  await expectAnnounced("photo-420.jpg: features are ready. 1 of 1 pictures.");
});

test("a click on a patch shows how alike the others are", async () => {
  const before = await pixelsOf(page, "[data-testid=heat-current] canvas");
  await clickPatch("colors", { column: 8, row: 4 });
  expect(await textOf(page, "picked")).toBe("Picked: row 5, column 9 of photo-420.jpg");
  const [low, high] = [
    Number(await textOf(page, "similarity-low")),
    Number(await textOf(page, "similarity-high")),
  ];
  expect(low).toBeGreaterThanOrEqual(-1);
  expect(high).toBeLessThanOrEqual(1);
  expect(low).toBeLessThan(high);
  expect(await pixelsOf(page, "[data-testid=heat-current] canvas")).not.toBe(before);
  await expectAnnounced("Selected patch row 5, column 9 of photo-420.jpg.");
});

test("the tile budget decides grid, tiles and tokens exactly as planTiles says", async () => {
  const slider = page.getByRole("slider", { name: "Tile budget" });
  for (const useThumbnail of [true, false]) {
    await page.getByRole("checkbox", { name: "Thumbnail" }).setChecked(useThumbnail);
    for (let maxTiles = 1; maxTiles <= 40; maxTiles++) {
      await slider.fill(String(maxTiles));
      const { grid, tileCount } = planTiles(SIZE, { maxTiles, useThumbnail });
      expect(await textOf(page, "grid")).toBe(`${grid.columns} × ${grid.rows}`);
      expect(await textOf(page, "tiles-count")).toBe(String(tileCount));
      const tokens = (tileCount * 256).toLocaleString("en");
      expect(await textOf(page, "tokens")).toBe(tokens);
      expect(await textOf(page, "prompt")).toContain(`<img><IMG_CONTEXT> × ${tokens}</img>`);
    }
  }
});

test("a question that would shift the visual tokens is refused", async () => {
  const field = page.getByLabel("Question");
  await field.fill("What is <img>?");
  await page.locator("#prompt-error").waitFor();
  expect(await page.locator("#prompt-error").textContent()).toContain("<img>");
  await field.fill("What is that?");
  expect(await textOf(page, "prompt")).toContain("What is that?<|im_end|>");
});

test("a second picture is searched for the same patch, and keeps the colours of the first", async () => {
  const first = await pixelsOf(page, "[data-testid=colors] canvas");
  await drop(page, [PHOTOS[1]!, ...realPhotos(2)]);
  const count = 2 + realPhotos(2).length;
  await waitForFeatures(page, count);
  expect(await pixelsOf(page, "[data-testid=colors] canvas")).toBe(first);
  const colors = await page.getByTestId("heat-other").locator("canvas").evaluate(countColors);
  expect(colors).toBeGreaterThan(20);
  await clickPatch("heat-other", { column: 0, row: 31 });
  expect(await textOf(page, "picked")).toContain("row 32, column 1 of photo-444.jpg");
  await page.getByRole("button", { name: "Fit on all pictures" }).click();
  await page.getByText(`Colours fitted on ${count} pictures`, { exact: false }).first().waitFor();
  expect(await pixelsOf(page, "[data-testid=colors] canvas")).not.toBe(first);
});

test("pictures in one prompt share the budget", async () => {
  await page.getByRole("checkbox", { name: "Thumbnail" }).check();
  await page.getByRole("slider", { name: "Tile budget" }).fill("12");
  await page.getByLabel("All pictures in one prompt").check();
  expect(await textOf(page, "prompt")).toContain("Image-2: <img>");
  await page.getByLabel("All pictures in one prompt").uncheck();
});

test("the other pictures are ranked, most alike first", async () => {
  const values = await page.getByTestId("ranking").locator(".number").allTextContents();
  expect(values).toHaveLength(1 + realPhotos(2).length);
  expect(values.map(Number)).toEqual(values.map(Number).toSorted((a, b) => b - a));
  await page.getByTestId("ranking").getByRole("button").first().click();
  const pressed = page.locator(".item-show[aria-pressed=true]");
  expect(await pressed.count()).toBe(1);
  expect(await pressed.textContent()).not.toContain("photo-420.jpg");
});

test("a file that is no picture says so, and the others stay", async () => {
  const ready = await page.locator("[data-status=ready]").count();
  await drop(page, [fixturePath("preprocess.json"), fixturePath("images", "cmyk.jpg")]);
  await page.locator("[data-status=failed]").nth(1).waitFor();
  const errors = await page.locator(".failure .error").allTextContents();
  expect(errors[0]).toMatch(/preprocess\.json: expected a .*image/);
  expect(errors[1]).toMatch(/cmyk\.jpg/);
  expect(await page.locator("[data-status=ready]").count()).toBe(ready);
  await page.getByRole("button", { name: "Remove preprocess.json" }).click();
  expect(await page.locator("[data-status=failed]").count()).toBe(1);
});

test("nothing was asked of another origin, and nothing complained", () => {
  expect(opened.strangers).toEqual([]);
  expect(opened.complaints).toEqual([]);
});

async function clickPatch(
  figure: string,
  { column, row }: { readonly column: number; readonly row: number },
): Promise<void> {
  const patches = page.getByTestId(figure).locator(".patches");
  await patches.scrollIntoViewIfNeeded();
  const box = (await patches.boundingBox())!;
  await patches.click({
    position: { x: (box.width * (column + 0.5)) / 32, y: (box.height * (row + 0.5)) / 32 },
  });
}

async function expectAnnounced(text: string): Promise<void> {
  await page.getByRole("status").filter({ hasText: text }).waitFor({ state: "attached" });
}

function countColors(element: Element): number {
  const canvas = element as HTMLCanvasElement;
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}
