// @ts-check
// Runs once before the first test in a browser: a machine without one fails, it does not skip.

import { ADVICE, findChromium } from "./find-chromium.mjs";

export function setup() {
  if (findChromium() === undefined) throw new Error(ADVICE);
}
