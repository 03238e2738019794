// An example's page in Chromium: what it shows for pictures, and everything that went wrong on the way.

import type { Browser } from "playwright";

/** Of a machine that is busy with other tests. */
const PATIENCE_MILLISECONDS = 90_000;

/** What a page did. */
export interface PageReport {
  readonly isolated: boolean;
  /** The numbers that it showed for each picture. */
  readonly features: readonly (readonly number[])[];
  /** Checkpoints whose weights the browser keeps for the next visit. */
  readonly kept: number;
  /** Errors in the console, answers of 400 and above, requests to other origins. */
  readonly problems: readonly string[];
}

/** Opens a page, gives it the pictures one after the other and reads what it shows. */
export async function openPage(
  browser: Browser,
  options: { readonly url: string; readonly pictures: readonly string[] },
): Promise<PageReport> {
  const { url, pictures } = options;
  const { origin } = new URL(url);
  const problems: string[] = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MILLISECONDS);
  // Workers' requests and messages are among the page's.
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  const failed = new Promise<never>((_, reject) => page.on("pageerror", reject));
  failed.catch(() => {});
  page.on("request", (request) => {
    const requested = new URL(request.url());
    if (requested.protocol !== "data:" && requested.origin !== origin) {
      problems.push(`requested ${requested.href}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  try {
    await page.goto(url);
    await Promise.race([page.waitForSelector("input:enabled"), failed]);
    const isolated = await page.evaluate(() => crossOriginIsolated);
    const features: number[][] = [];
    for (const picture of pictures) {
      const before = await page.textContent("output");
      await page.setInputFiles("input", picture);
      const shown = page.waitForFunction(
        (text) => document.querySelector("output")?.textContent !== text,
        before,
      );
      await Promise.race([shown, failed]);
      features.push((await page.textContent("output"))!.split(" ").map(Number));
    }
    return { isolated, features, kept: await page.evaluate(countKept), problems };
  } catch (cause) {
    throw new Error(`${url}: ${[...problems, String(cause)].join("\n")}`, { cause });
  } finally {
    await page.close();
  }
}

/** Looks into the store's folder; runs in the page. */
async function countKept(): Promise<number> {
  const store = await (await navigator.storage.getDirectory()).getDirectoryHandle("internvit");
  const weights = await store.getDirectoryHandle("weights", { create: true });
  let count = 0;
  for await (const _ of weights.keys()) count++;
  return count;
}
