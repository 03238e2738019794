// @ts-check
// Chromium with the pages of the browser benchmark in it, and what its processes have computed and held.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright";

import { ADVICE, findChromium } from "../../scripts/browser/find-chromium.mjs";

/** @typedef {import("playwright").Page} Page */
/** @typedef {{ name: string, isPeer: boolean, outputs: string, origin: string, close: () => void }} Side */
/** @typedef {{ type: string, id: number, cpuTime: number }} Process processor time in seconds */

const TIMEOUT = 900_000;
/** Not at every frame, which would take time from the page. */
const POLLING_MS = 100;

const hasBench = () => "bench" in globalThis;

/** @param {{ adapter: string, threads: number }} options `adapter`: empty for the browser's own choice */
export async function startBrowser({ adapter, threads }) {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(ADVICE);
  // On disk, as a user's: what a private window stores is in memory, and it keeps no compiled code.
  const profile = mkdtempSync(join(tmpdir(), "internvit-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      ...(adapter === "" ? [] : [`--use-webgpu-adapter=${adapter}`]),
    ],
  });
  const browser = context.browser();
  if (browser === null) throw new Error("expected a browser of the context, found none");
  const inspector = await browser.newBrowserCDPSession();

  /** @returns {Promise<Process[]>} */
  const processes = async () => (await inspector.send("SystemInfo.getProcessInfo")).processInfo;

  /** A page of a side after its first embedding. @param {Side} side @param {string} provider */
  const open = async ({ origin, outputs }, provider) => {
    const page = await context.newPage();
    /** @type {Promise<never>} */
    const failed = new Promise((_, reject) => page.once("pageerror", reject));
    failed.catch(() => {});
    const query = new URLSearchParams({ provider, outputs, threads: String(threads) });
    await page.goto(`${origin}/?${query}`);
    await Promise.race([
      page.waitForFunction(hasBench, undefined, { timeout: TIMEOUT, polling: POLLING_MS }),
      failed,
    ]);
    return page;
  };

  /** Milliseconds that all threads of pages and GPU have computed: other load hardly changes them. */
  const computed = async () => {
    const working = (await processes()).filter(({ type }) => type === "renderer" || type === "GPU");
    return working.reduce((sum, { cpuTime }) => sum + cpuTime, 0) * 1e3;
  };

  /**
   * Largest resident memory, in MB, that the process of a page has had so far; null elsewhere than on Linux. The page's
   * process is the one that computes when it encodes.
   * @param {Page} page
   */
  const peakMemory = async (page) => {
    const before = new Map((await processes()).map(({ id, cpuTime }) => [id, cpuTime]));
    await ask(page, "encode");
    const growth = (/** @type {Process} */ { id, cpuTime }) =>
      cpuTime - (before.get(id) ?? cpuTime);
    const [busiest] = (await processes())
      .filter(({ type }) => type === "renderer")
      .toSorted((a, b) => growth(b) - growth(a));
    const path = `/proc/${busiest?.id}/status`;
    if (!existsSync(path)) return null;
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(path, "utf8"))?.[1];
    return Math.round((Number(peak) * 1024) / 1e6);
  };

  return {
    version: browser.version(),
    open,
    computed,
    peakMemory,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * Calls a function of the page's `bench`.
 * @param {Page} page @param {string} name @param {unknown} [argument] @returns {Promise<any>}
 */
export function ask(page, name, argument) {
  return page.evaluate(
    async ([key, value]) => {
      const { bench } = /** @type {any} */ (globalThis);
      // In a task of the page's own: what a debugger evaluates is no long task.
      await new Promise((resolve) => setTimeout(resolve));
      return typeof bench[key] === "function" ? bench[key](value) : bench[key];
    },
    /** @type {[string, unknown]} */ ([name, argument]),
  );
}
