import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findAccessibilityProblems } from "./accessibility.ts";
import {
  artefact,
  drop,
  openPage,
  type OpenedPage,
  PHOTOS,
  textOf,
  waitForFeatures,
} from "./open-page.ts";
import { DOWNLOAD, mediumModel, MODEL, routeHub, type RoutedHub } from "./route-hub.ts";

// One device over several visits; each test goes on where the one before it stopped.
const model = mediumModel();
const WHOLE = model.files.get("model.safetensors")!.byteLength;
let opened: OpenedPage;
let page: Page;
let hub: RoutedHub;

beforeAll(async () => {
  opened = await openPage();
  ({ page } = opened);
  hub = await routeHub(page, model);
});

afterAll(async () => {
  await hub.close();
  await opened[Symbol.asyncDispose]();
});

const keptWeights = () => page.getByTestId("kept-weights");

async function chooseModel(): Promise<void> {
  await page.getByText("Use another model").click();
  await page.getByRole("combobox", { name: "Model" }).selectOption(MODEL);
  await page.getByLabel("Runs on").selectOption("wasm");
}

test("what cannot be had in this browser is off, and the reason stands beside it", async () => {
  expect(await page.getByTestId("kept").count()).toBe(0);
  await chooseModel();
  const reasons = page.getByTestId("here");
  await reasons.filter({ hasText: "float16 is off" }).waitFor();
  expect(await reasons.textContent()).toContain("a program that computes on the CPU");
  const off = page.getByLabel("Numbers").locator("option:disabled");
  expect(await off.allTextContents()).toEqual(["float16"]);
  await page.getByLabel("Runs on").selectOption("webgpu");
  expect(await off.allTextContents()).toEqual(["float16", "8 bits, also of what is computed"]);
  await page.getByLabel("Runs on").selectOption("wasm");
});

test("a visit that ends in the middle of a download leaves what has come", async () => {
  hub.before = ({ path, start }) =>
    path.endsWith(".safetensors") && start > WHOLE / 2 ? new Promise(() => {}) : undefined;
  await page.getByRole("button", { name: DOWNLOAD }).click();
  // It tells of the download that it announced; here that is smaller.
  const progress = page.getByTestId("progress");
  await progress.filter({ hasText: /Downloading [2-5]\d\d MB of 6\d\d MB/ }).waitFor();
  await page.reload();
  hub.before = undefined;
  await keptWeights().waitFor();
  expect(await keptWeights().textContent()).toMatch(/float32, [\d.]+ MB so far: unfinished$/);
});

test("the next visit goes on from there", async () => {
  const before = hub.sent;
  await chooseModel();
  expect(await textOf(page, "model-hint")).toMatch(/^[\d.]+ MB are here already/);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".model-name").filter({ hasText: MODEL }).waitFor();
  // A third was there; the tensor that it ended in is sent again.
  expect(hub.sent - before).toBeLessThan(WHOLE * 0.8);
  await keptWeights()
    .filter({ hasText: /^InternViT-300M-448px-V2_5float32, 2\d MB$/ })
    .waitFor();
  expect(await textOf(page, "remarks")).toContain("It is kept on this device.");
});

test("a later one needs no hub", async () => {
  hub.before = () => "lost";
  await page.reload();
  await keptWeights().waitFor();
  await chooseModel();
  const option = page.getByRole("combobox", { name: "Model" }).locator(`option[value="${MODEL}"]`);
  expect(await option.textContent()).toBe(`${MODEL} (kept)`);
  expect(await textOf(page, "model-hint")).toBe("It is kept on this device.");
  const before = hub.sent;
  await page.getByRole("button", { name: "Use it" }).click();
  await page.locator(".model-name").filter({ hasText: MODEL }).waitFor();
  expect(hub.sent).toBe(before);
  expect(await textOf(page, "remarks")).toMatch(
    /huggingface\.co cannot be reached: the model is used as it was kept on \w+ \d+, \d+\./,
  );
  await drop(page, [PHOTOS[0]!]);
  await waitForFeatures(page, 1);
});

test("the list says how much is stored and for how long, and can make it last", async () => {
  expect(await textOf(page, "storage")).toMatch(
    /^This site stores \d+ MB of the [\d.]+ GB it may have\. The browser may remove it/,
  );
  const button = page.getByRole("button", { name: "Keep when space is short" });
  await button.click();
  await page.getByText("The browser did not agree.", { exact: false }).first().waitFor();
  await page.setViewportSize({ width: 360, height: 900 });
  await page.getByTestId("kept").screenshot({ path: artefact("kept-refused") });
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send("Target.getTargetInfo");
  const { browserContextId = "" } = targetInfo;
  await session.send("Browser.grantPermissions", {
    permissions: ["durableStorage"],
    browserContextId,
  });
  await button.click();
  await page.getByTestId("storage").filter({ hasText: "until you remove it" }).waitFor();
  expect(await button.count()).toBe(0);
});

test.each([
  { name: "kept-light", width: 1280, colorScheme: "light" },
  { name: "kept-phone-dark", width: 360, colorScheme: "dark" },
] as const)("$name: it fits, axe finds nothing", async ({ name, width, colorScheme }) => {
  await page.setViewportSize({ width, height: 1400 });
  await page.emulateMedia({ colorScheme });
  await page.getByTestId("kept").scrollIntoViewIfNeeded();
  await page.locator("#model").screenshot({ path: artefact(name) });
  const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(scrollWidth).toBeLessThanOrEqual(width);
  expect(await findAccessibilityProblems(page)).toEqual([]);
});

test("what is kept is removed with the keyboard, and the model in use stays", async () => {
  await page.getByRole("button", { name: `Remove ${MODEL}, float32, from this device` }).focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("kept").waitFor({ state: "detached" });
  await page
    .getByRole("status")
    .filter({ hasText: `${MODEL} was removed from this device` })
    .waitFor({ state: "attached" });
  const focused = page.locator(":focus");
  expect(await focused.textContent()).toBe("Use another model");
  await page.getByRole("button", { name: DOWNLOAD }).waitFor();
  expect(await page.locator(".model-name").textContent()).toBe(MODEL);
});

test("nothing complained but the browser, of the hub that was lost", () => {
  const others = opened.complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"));
  expect(others).toEqual([]);
});
