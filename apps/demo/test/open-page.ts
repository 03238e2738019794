// The page in a real browser, and what it must never do: ask another origin for something, or complain to the console.

import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { readdirSync } from "node:fs";

import { fixturePath, photosDirectory } from "@internvit/test-kit";
import { type BrowserContextOptions, chromium, type Locator, type Page } from "playwright";

import { findChromium } from "../../../scripts/browser/find-chromium.mjs";
import { serveSite } from "./serve-site.ts";

/** WebGPU on the software adapter, as in the packages' tests, and a camera that shows a test picture. */
const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-fake-device-for-media-stream",
];

/** A page that was opened. */
export interface OpenedPage {
  readonly page: Page;
  readonly origin: string;
  /** Everything that was written to the console as warning or error, and uncaught errors. */
  readonly complaints: readonly string[];
  /** Requests to anywhere but the page's own origin. */
  readonly strangers: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the page in a browser of its own. */
export async function openPage(
  options: BrowserContextOptions & { readonly withHeaders?: boolean } = {},
): Promise<OpenedPage> {
  const { withHeaders = true, ...contextOptions } = options;
  const site = await serveSite({ withHeaders });
  const executablePath = findChromium();
  const browser = await chromium.launch({
    args: FLAGS,
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...contextOptions,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== site.origin && url.protocol.startsWith("http")) strangers.push(url.href);
  });
  await page.goto(site.url);
  return {
    page,
    origin: site.origin,
    complaints,
    strangers,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await site.close();
    },
  };
}

/** A file, as Playwright takes them too. */
export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Drops files on the page, as a hand does. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({
    name: basename(path),
    mimeType: extname(path) === ".png" ? "image/png" : "image/jpeg",
    buffer: readFileSync(path),
  }));
  await dropOn(page.locator("body"), files);
}

/** Drops files on an element. */
export async function dropOn(target: Locator, files: readonly TestFile[]): Promise<void> {
  const dataTransfer = await target.page().evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { name, mimeType, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type: mimeType }));
      }
      return transfer;
    },
    files.map(({ buffer, ...file }) => ({ ...file, base64: buffer.toString("base64") })),
  );
  await target.dispatchEvent("dragover", { dataTransfer });
  await target.dispatchEvent("drop", { dataTransfer });
}

/** Waits until so many pictures have features. */
export async function waitForFeatures(page: Page, count: number): Promise<void> {
  await page
    .locator('[data-testid="picture"][data-status="ready"]')
    .nth(count - 1)
    .waitFor();
}

/** The text of an element with a test id. */
export async function textOf(page: Page, id: string): Promise<string> {
  return (await page.getByTestId(id).textContent())?.trim() ?? "";
}

/** The pixels of a canvas as one string, to compare. */
export async function pixelsOf(page: Page, selector: string): Promise<string> {
  return await page
    .locator(selector)
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

/** Pictures that look like photographs, of different sizes. */
export const PHOTOS: readonly string[] = [
  "photo-420.jpg",
  "photo-444.jpg",
  "photo-422-progressive.jpg",
].map((name) => fixturePath("images", name));

/** Some real photographs, where the machine has them. */
export function realPhotos(count: number): readonly string[] {
  const directory = photosDirectory();
  if (directory === undefined) return [];
  const names = readdirSync(directory).filter((name) => /\.jpe?g$/i.test(name));
  const step = Math.max(1, Math.floor(names.length / count));
  return names
    .filter((_, index) => index % step === 0)
    .slice(0, count)
    .map((name) => join(directory, name));
}

/** Where screenshots are kept. */
export function artefact(name: string): string {
  return join(import.meta.dirname, "artefacts", `${name}.png`);
}
