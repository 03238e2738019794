import { readFileSync } from "node:fs";

import { readLabelPng } from "@internvit/eval/node";
import { fixturePath } from "@internvit/test-kit";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findAccessibilityProblems } from "./accessibility.ts";
import {
  artefact,
  dropOn,
  openPage,
  type OpenedPage,
  pixelsOf,
  type TestFile,
  textOf,
} from "./open-page.ts";
import { longestTask } from "./page-tasks.ts";
import { TINY_FILES } from "./route-hub.ts";
import { headWithEncoder, sampleHead } from "./sample-head.ts";

// One visit; each test goes on where the one before it stopped.
let opened: OpenedPage;
let page: Page;
let head: TestFile;

beforeAll(async () => {
  head = {
    name: "head.safetensors",
    mimeType: "application/octet-stream",
    buffer: await sampleHead(),
  };
  opened = await openPage({ reducedMotion: "reduce" });
  ({ page } = opened);
  await page.getByTestId("provider").waitFor();
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

/** Scripts that were asked for since. */
function watchScripts(): readonly string[] {
  const names: string[] = [];
  page.on("request", (request) => {
    const name = /([\w-]+)\.js$/.exec(request.url())?.[1];
    if (name !== undefined) names.push(name);
  });
  return names;
}

test("a file that is no head says so; nothing of it is loaded before", async () => {
  const scripts = watchScripts();
  await choose({
    name: "photo.safetensors",
    mimeType: "application/octet-stream",
    buffer: readFileSync(fixturePath("images", "photo-420.jpg")),
  });
  await page.getByTestId("segment-error").waitFor();
  expect(await textOf(page, "segment-error")).toContain("photo.safetensors");
  expect(scripts.filter((name) => name.startsWith("segmented-view"))).toHaveLength(1);
  expect(await page.getByTestId("head-facts").count()).toBe(0);
});

test("a head that is dropped says what it is, and waits for a picture", async () => {
  await dropOn(page.locator("#segment .drop"), [head]);
  await page.getByTestId("head-facts").waitFor();
  expect(await page.getByTestId("segment-error").count()).toBe(0);
  const facts = await page.getByTestId("head-facts").innerText();
  for (const words of [
    "head.safetensors",
    "Linear",
    "4",
    "random weights",
    "colour-mosaics",
    "60",
  ]) {
    expect(facts).toContain(words);
  }
  await page.getByText("Its classes").click();
  await page.getByText("red, green, blue, grey").waitFor();
  await page.getByText("Choose a picture to be segmented.").waitFor();
  // The page took the file as a head, not as a picture.
  expect(await page.getByTestId("picture").count()).toBe(0);
});

test("a picture is segmented off the page's thread: every corner has its class", async () => {
  const longest = await longestTask(page, async () => {
    await dropOn(page.locator("body"), [await corners(page)]);
    await segmented();
  });
  expect(longest).toBeLessThan(50);
  for (const [name, x, y] of [
    ["red", 0.25, 0.25],
    ["green", 0.75, 0.25],
    ["blue", 0.25, 0.75],
    ["grey", 0.75, 0.75],
  ] as const) {
    await pointAt(x, y);
    expect(await textOf(page, "pointed")).toBe(name);
    expect(await page.locator(".is-pointed").innerText()).toContain(name);
  }
  const found = await page.getByTestId("classes-found").locator("li").allInnerTexts();
  expect(found).toHaveLength(4);
  for (const line of found) expect(Number(/(\d+)\s%/.exec(line)![1])).toBeGreaterThan(15);
});

test("with the keyboard: arrow keys tell the class, too", async () => {
  await page.mouse.move(0, 0);
  await page.getByTestId("segmented").focus();
  const status = page.getByRole("status");
  for (const [keys, name] of [
    [["ArrowUp", "ArrowRight", "ArrowUp", "ArrowUp"], "green"],
    [["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft"], "red"],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key);
    expect(await textOf(page, "pointed")).toBe(name);
    await status.filter({ hasText: name }).waitFor({ state: "attached" });
  }
  await page.keyboard.press("Tab");
  expect(await page.locator(".is-pointed").count()).toBe(0);
});

test("a finger that is lifted leaves the name that it pointed at, a mouse takes it along", async () => {
  for (const [type, pointerType, words] of [
    ["pointerdown", "touch", "blue"],
    ["pointerleave", "touch", "blue"],
    ["pointerleave", "mouse", "Point at the picture for a class."],
  ] as const) {
    const place = (await page.getByTestId("segmented").boundingBox())!;
    const at = { clientX: place.x + place.width / 4, clientY: place.y + 0.75 * place.height };
    await page.getByTestId("segmented").dispatchEvent(type, { pointerType, ...at });
    await expect.poll(() => textOf(page, "pointed")).toBe(words);
  }
});

test("the labels are a palette PNG as large as the picture", async () => {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the labels" }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe("corners-labels.png");
  const png = readFileSync(await download.path());
  const { width, height, values } = readLabelPng(png, { subject: "labels" });
  expect([width, height]).toEqual([320, 240]);
  const at = (x: number, y: number): number | undefined => values[y * width + x];
  expect([at(80, 60), at(240, 60), at(80, 180), at(240, 180)]).toEqual([0, 1, 2, 3]);
});

test("the colours are as strong as the slider says", async () => {
  const slider = page.getByLabel("Strength of the colours");
  const strong = await pixelsOf(page, CANVAS);
  await slider.fill("0");
  const none = await pixelsOf(page, CANVAS);
  expect(none).not.toBe(strong);
  await slider.fill("60");
  await expect.poll(() => pixelsOf(page, CANVAS)).toBe(strong);
});

test("another picture is segmented when it is looked at; what was found before is kept", async () => {
  await page.getByRole("button", { name: "Samples" }).click();
  await page.getByTestId("segmented").dispatchEvent("pointerdown", { pointerType: "touch" });
  await show("day.jpg");
  await segmented("day.jpg");
  expect(await textOf(page, "pointed")).toBe("Point at the picture for a class.");
  await show("corners.png");
  await segmented("corners.png");
  expect(await page.getByTestId("segmenting").getAttribute("data-step")).toBe("idle");
  await show("day.jpg");
  await segmented("day.jpg");
});

test.each([
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 360, height: 740, colorScheme: "light" },
] as const)("$name: it fits, axe finds nothing", async ({ name, width, height, colorScheme }) => {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await pointAt(0.5, 0.2);
  await page.locator("#segment").screenshot({ path: artefact(`segment-${name}`) });
  const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(scrollWidth).toBeLessThanOrEqual(width);
  expect(await findAccessibilityProblems(page)).toEqual([]);
});

test("work under way can be stopped, and begun again", async () => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await dropOn(page.locator("body"), [await corners(page, { name: "wide.png", width: 3200 })]);
  await show("wide.png");
  await page.getByText(/Segmenting … \d+ windows/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Segment this picture" }).click();
  await page.getByText(/Segmenting … \d+ windows/).waitFor();
  // Looking at another picture stops it, too.
  await show("day.jpg");
  await segmented("day.jpg");
  expect(await page.getByTestId("segmenting").getAttribute("data-step")).toBe("idle");
});

test("of a picture that cannot be decoded it says where the reason stands", async () => {
  await dropOn(page.locator("body"), [
    { name: "torn.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
  ]);
  await page.getByTestId("picture").filter({ hasText: "torn.png" }).getByRole("alert").waitFor();
  await show("torn.png");
  const words = page.locator("#segment .empty");
  await expect
    .poll(() => words.innerText())
    .toBe("torn.png cannot be used; the list of pictures says why.");
  await show("day.jpg");
  await segmented("day.jpg");
});

test("a head whose weights are not those that it names says so at every try, and leaves no trace", async () => {
  const text = head.buffer.toString("latin1").replace("conv_seg.weight", "conv_sag.weight");
  await choose({ ...head, name: "wrong.safetensors", buffer: Buffer.from(text, "latin1") });
  const failure = page.locator("#segment").getByRole("alert");
  await failure.waitFor();
  expect(await failure.innerText()).toMatch(
    /^It could not be segmented: wrong\.safetensors: .*conv_seg\.weight/,
  );
  await page.locator("#segment").getByRole("button", { name: "Try again" }).click();
  await failure.waitFor();
  await choose(head);
  await segmented("day.jpg");
});

test("a worker that cannot start says so, and the next try starts another", async () => {
  // Without the headers that the page is served with, a script is not taken.
  await page.route(/segment-worker/, (route) => route.fulfill({ body: "" }));
  await show("corners.png");
  const failure = page.locator("#segment").getByRole("alert");
  await failure.waitFor();
  expect(await failure.innerText()).toBe(
    "It could not be segmented: the worker for segmentation failed: its script cannot be loaded",
  );
  await page.unroute(/segment-worker/);
  await page.locator("#segment").getByRole("button", { name: "Try again" }).click();
  await segmented("corners.png");
  await show("day.jpg");
  await segmented("day.jpg");
});

test("a head that was trained with its encoder brings it, whatever model is in use", async () => {
  await choose({ ...head, name: "tuned.safetensors", buffer: await headWithEncoder() });
  await page.getByText("tiny-layernorm, and brings that encoder").waitFor();
  await segmented("day.jpg");
  expect(await page.getByTestId("unfit").count()).toBe(0);
  await choose(head);
  await page.getByText("colour-mosaics").waitFor();
  await segmented("day.jpg");
});

test("with another model the head is refused, with both names", async () => {
  await page.getByText("Use another model").click();
  await page.getByRole("combobox", { name: "Model" }).selectOption("files");
  await page.getByLabel("config.json and model.safetensors").setInputFiles([...TINY_FILES]);
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByTestId("unfit").waitFor();
  expect(await textOf(page, "unfit")).toMatch(
    /^head\.safetensors was trained on Small InternViT, random weights \(192 wide, 4 blocks\); the model in use is Model from this device \(\d+ wide, \d+ blocks\)\./,
  );
  expect(await page.getByTestId("segmented").count()).toBe(0);
});

test("nothing was asked of another origin, and nothing complained", () => {
  expect(opened.strangers).toEqual([]);
  expect(opened.complaints).toEqual([]);
});

const CANVAS = '[data-testid="segmented"] canvas';

async function choose(file: TestFile): Promise<void> {
  await page.getByLabel("Segmentation head").setInputFiles(file);
}

async function segmented(name = "corners.png"): Promise<void> {
  await page.getByRole("application", { name: new RegExp(`^${name} in the colours`) }).waitFor();
}

async function show(name: string): Promise<void> {
  await page.getByTestId("picture").filter({ hasText: name }).locator(".item-show").click();
}

/** Points at a place of the segmented picture, in parts of its sides. */
async function pointAt(x: number, y: number): Promise<void> {
  const place = page.getByTestId("segmented");
  await place.scrollIntoViewIfNeeded();
  const box = (await place.boundingBox())!;
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
}

/** A picture of 240 rows: a quarter each in red, green, blue and grey. */
async function corners(
  page: Page,
  { name = "corners.png", width = 320 }: { readonly name?: string; readonly width?: number } = {},
): Promise<TestFile> {
  const base64 = await page.evaluate((width) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, 240];
    const context = canvas.getContext("2d")!;
    for (const [at, colour] of ["#b83a30", "#3aa848", "#3050c0", "#909090"].entries()) {
      context.fillStyle = colour;
      context.fillRect((at % 2) * (width / 2), at < 2 ? 0 : 120, width / 2, 120);
    }
    return canvas.toDataURL("image/png").split(",")[1]!;
  }, width);
  return { name, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
}
