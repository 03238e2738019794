// @ts-check
// Programs that tests need and npm does not have. On a Debian machine where this process may install packages they
// are installed; anywhere else the tests that need them fail and say how to get them.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** By the program that must be on the PATH: the Debian package that has it, and who needs it. */
const PROGRAMS = [
  { program: "ffmpeg", debian: "ffmpeg", reason: "tests of video files" },
  // Its Vulkan driver SwiftShader computes on the CPU; the loader is a package of its own.
  {
    program: "chromium",
    debian: "chromium libvulkan1",
    reason: "tests in a browser and of WebGPU",
  },
];

/** Installs what is missing where that can be done without asking anybody; says what it does. */
export function installSystemPackages() {
  const missing = PROGRAMS.filter(({ program }) => !isOnPath(program));
  if (missing.length === 0) return;
  const packages = missing.flatMap(({ debian }) => debian.split(" "));
  const reasons = missing.map(({ program, reason }) => `${program} for ${reason}`).join(", ");
  const command = `apt-get install --yes --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !isOnPath("apt-get")) {
    console.error(`internvit: missing: ${reasons}. On Debian: sudo ${command}`);
    return;
  }
  console.error(`Installing ${reasons} …`);
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  // Package lists of a fresh container are empty; those of a long-lived one are good enough mostly.
  if (aptGet(install) === 0) return;
  aptGet(["update"]);
  if (aptGet(install) !== 0) console.error(`internvit: failed: ${command}`);
}

/** @param {readonly string[]} parameters */
function aptGet(parameters) {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", parameters, { stdio: "ignore", env: environment }).status;
}

/** @param {string} program */
function isOnPath(program) {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
