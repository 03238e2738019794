import { readFileSync } from "node:fs";

import { fixturePath } from "@internvit/test-kit";
import type { Locator, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findAccessibilityProblems } from "./accessibility.ts";
import { colorPictures } from "./color-pictures.ts";
import {
  artefact,
  drop,
  dropOn,
  openPage,
  type OpenedPage,
  PHOTOS,
  textOf,
  waitForFeatures,
} from "./open-page.ts";
import { longestTask } from "./page-tasks.ts";
import { TINY_FILES } from "./route-hub.ts";

// One visit; each test goes on where the one before it stopped. The page is not cross-origin isolated.
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  opened = await openPage({ withHeaders: false, reducedMotion: "reduce" });
  ({ page } = opened);
  await page.getByTestId("provider").waitFor();
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

test("it asks for pictures, and says what random weights can tell", async () => {
  expect(await textOf(page, "teaching")).toContain("Drag a picture into each of two classes");
  expect(await page.locator("#teach .explanation").textContent()).toContain(
    "random: they tell colours and textures apart",
  );
  expect(await page.getByRole("button", { name: DOWNLOAD }).isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: "Remove Class 1" }).isDisabled()).toBe(true);
});

test("with the keyboard: pictures get a class from a list, and it learns by itself, off the page's thread", async () => {
  const trainer: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("train-head")) trainer.push(request.url());
  });
  await dropOn(page.locator("body"), [
    ...(await colorPictures(page, "red", [1, 2, 3])),
    ...(await colorPictures(page, "blue", [1, 2, 3])),
  ]);
  await waitForFeatures(page, 6);
  expect(trainer).toEqual([]);
  const longest = await longestTask(page, async () => {
    for (const name of ["red-1", "red-2", "blue-1", "blue-2"]) {
      const list = page.getByLabel(`Class of ${name}.png`);
      await list.focus();
      // The next key goes down to the next class; the picture moves at once, and whoever moves it stays with it.
      for (const way of name.startsWith("red") ? ["Class 1"] : ["Class 1", "Class 2"]) {
        await page.keyboard.press("ArrowDown");
        await taught(way).locator(":focus").and(list).waitFor();
      }
    }
    await waitForLearnt(4);
  });
  expect(longest).toBeLessThan(50);
  expect(trainer).toHaveLength(1);
  expect(await textOf(page, "teaching")).toMatch(
    /Learnt from 4 pictures in [\d.]+ m?s; loss 0\.69 to 0\.\d\d\. Told rightly without having learnt from them: 4 of 4\./,
  );
  expect(await textOf(page, "teaching")).toContain("not calibrated");
  for (const [file, name] of [
    ["red-3.png", "Class 1"],
    ["blue-3.png", "Class 2"],
  ] as const) {
    const { best, percent } = await verdictOn(file);
    expect(best).toBe(name);
    // Two pictures a class are no reason to be certain.
    expect(percent).toBeGreaterThan(70);
    expect(percent).toBeLessThan(99);
  }
});

test("pictures are dragged into a class, from class to class, and out of it; only what is left is learnt", async () => {
  await verdict("red-3.png").dragTo(taught("Class 1"));
  await page.getByTestId("picture").filter({ hasText: "blue-3.png" }).dragTo(taught("Class 2"));
  await example("red-3.png").dragTo(taught("Class 2"));
  expect(await examplesOf("Class 1").count()).toBe(2);
  expect(await examplesOf("Class 2").count()).toBe(4);
  await example("red-3.png").dragTo(page.locator(".verdicts"));
  await waitForLearnt(5);
  expect((await verdictOn("red-3.png")).best).toBe("Class 1");
});

test("a third class: not learnt while it is empty, renamed, and files are dropped on it; one is no picture", async () => {
  await page.getByRole("button", { name: "Add a class" }).click();
  await page.getByText("Class 3 has no picture yet, and is not learnt.").waitFor();
  await page.getByLabel("Name of Class 3").fill("Green");
  await page.getByLabel("Name of Class 1").fill("Red");
  expect((await verdictOn("red-3.png")).best).toBe("Red");
  await dropOn(taught("Green"), [
    ...(await colorPictures(page, "green", [1, 2])),
    {
      name: "notes.json",
      mimeType: "text/plain",
      buffer: readFileSync(fixturePath("preprocess.json")),
    },
  ]);
  await waitForLearnt(7);
  expect(await example("notes.json").textContent()).toContain("Cannot be used");
  expect(await page.getByRole("alert").textContent()).toMatch(/notes\.json: expected .*image/);
  await dropOn(page.locator("body"), await colorPictures(page, "green", [3]));
  expect((await verdictOn("green-3.png")).best).toBe("Green");
  await page.getByRole("button", { name: "Remove notes.json" }).click();
  expect(await example("notes.json").count()).toBe(0);
});

test("files are chosen for a class; what the camera shows is told while it shows it, and its picture too", async () => {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose pictures of Class 2" }).click();
  await (await chooser).setFiles([...(await colorPictures(page, "blue", [4]))]);
  await waitForLearnt(8);
  await page.context().grantPermissions(["camera"]);
  await page.getByRole("button", { name: "Camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Camera" });
  await dialog.locator("[data-best=true]").waitFor();
  await dialog.screenshot({ path: artefact("teach-camera") });
  await dialog.getByRole("button", { name: "Take the picture" }).click();
  const { best } = await verdictOn("Camera 1");
  expect(["Red", "Class 2", "Green"]).toContain(best);
});

/** Where what was learnt is saved. */
let saved = "";

test("what was learnt is downloaded, and says the same when it is loaded again", async () => {
  const before = await verdictOn("green-3.png");
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: DOWNLOAD }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe("Red-Class_2-Green.safetensors");
  saved = await download.path();

  await page.getByRole("button", { name: "Remove Class 2" }).click();
  await waitForLearnt(4);
  await page
    .getByLabel("What was learnt before")
    .setInputFiles(fixturePath("images", "photo-420.jpg"));
  const error = page.getByTestId("head-error");
  await error.waitFor();
  expect(await error.textContent()).toMatch(
    /^photo-420\.jpg is no head of this page: it is no safetensors/,
  );
  expect(await page.getByTestId("class").count()).toBe(2);

  await loadSaved();
  await page.getByText("In use: head.safetensors, trained with").waitFor();
  expect(await error.count()).toBe(0);
  expect(await page.getByTestId("example").count()).toBe(0);
  expect(await verdictOn("green-3.png")).toEqual(before);
});

test.each([
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 360, height: 740, colorScheme: "light" },
  { name: "phone-dark", width: 360, height: 740, colorScheme: "dark" },
] as const)("$name: it fits, axe finds nothing", async ({ name, width, height, colorScheme }) => {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  if (name === "light") {
    for (const file of ["red-1", "red-2", "red-3"]) await choose(`${file}.png`, "Red");
    for (const file of ["blue-1", "blue-2"]) await choose(`${file}.png`, "Class 2");
    await waitForLearnt(5);
    await drop(page, [PHOTOS[0]!]);
    await verdictOn("photo-420.jpg");
  }
  await page.locator("#teach").screenshot({ path: artefact(`teach-${name}`) });
  const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(scrollWidth).toBeLessThanOrEqual(width);
  expect(await findAccessibilityProblems(page)).toEqual([]);
});

test("with another model it learns anew, and what is for the first model says so", async () => {
  await page.getByText("Use another model").click();
  await page.getByRole("combobox", { name: "Model" }).selectOption("files");
  await page.getByLabel("config.json and model.safetensors").setInputFiles([...TINY_FILES]);
  await page.getByRole("button", { name: "Use it" }).click();
  await page.locator(".model-name").filter({ hasText: "Model from this device" }).waitFor();
  await waitForLearnt(5);
  await verdictOn("photo-420.jpg");
  await loadSaved();
  await page.getByText("head.safetensors takes other features than this model has").waitFor();
  expect(await page.locator(".chances").count()).toBe(0);
});

test("nothing was asked of another origin, and nothing complained", () => {
  expect(opened.strangers).toEqual([]);
  expect(opened.complaints).toEqual([]);
});

const DOWNLOAD = "Download what was learnt";

function taught(name: string): Locator {
  return page.getByTestId("class").and(page.getByRole("listitem", { name }));
}

function examplesOf(name: string): Locator {
  return taught(name).getByTestId("example");
}

function example(file: string): Locator {
  return page.getByTestId("example").filter({ hasText: file });
}

function verdict(file: string): Locator {
  return page.getByTestId("verdict").filter({ hasText: file });
}

/** What is said of a picture, as soon as it is. */
async function verdictOn(
  file: string,
): Promise<{ readonly best: string; readonly percent: number }> {
  const best = verdict(file).locator("[data-best=true]");
  await best.waitFor();
  const [name, , chance] = await best.locator("> span").allTextContents();
  return { best: name!, percent: Number(/\d+/.exec(chance!)) };
}

async function choose(file: string, name: string): Promise<void> {
  await page.getByLabel(`Class of ${file}`).selectOption({ label: name });
}

async function waitForLearnt(count: number): Promise<void> {
  await page.getByText(`Learnt from ${count} pictures in`).waitFor();
}

async function loadSaved(): Promise<void> {
  await page.getByLabel("What was learnt before").setInputFiles({
    name: "head.safetensors",
    mimeType: "application/octet-stream",
    buffer: readFileSync(saved),
  });
}
