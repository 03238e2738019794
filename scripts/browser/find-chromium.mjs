// @ts-check
// The Chromium that tests in a browser run in: the one that CHROME_PATH names, else one of the usual names on the PATH
// or where the systems' packages put it. None is downloaded.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** What to do where there is no Chromium. */
export const ADVICE =
  "tests in a browser need Chromium: install it (Debian: sudo apt-get install --yes chromium) or set CHROME_PATH to its program";

/** Path of the program, or undefined when there is none. */
export function findChromium(environment = process.env) {
  const chosen = environment["CHROME_PATH"];
  if (chosen !== undefined && chosen !== "") return isProgram(chosen) ? chosen : undefined;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...PLACES].find(isProgram);
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
