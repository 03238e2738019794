// @ts-check
// What a fresh clone needs before anything else runs: dependencies by the pinned pnpm, fetched through npx, and the
// built packages. Both are skipped when nothing changed.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const STAMP = join(ROOT, "node_modules/.internvit-installed");

/** The environment that child processes get: the repository's own tools first. */
const environment = {
  ...process.env,
  PATH: `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  ORT_DISABLE_TELEMETRY: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
};

/**
 * Runs a command in the root with this terminal.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{ quiet?: boolean, env?: Record<string, string> }} [options] quiet: print only when it fails
 * @returns {number} its exit code; 128 + the signal's number when a signal ended it
 */
export function run(command, parameters, { quiet = false, env = {} } = {}) {
  const result = spawnSync(command, parameters, {
    cwd: ROOT,
    env: { ...environment, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
    shell: process.platform === "win32",
    maxBuffer: 1 << 28,
  });
  if (result.error !== undefined) throw result.error;
  if (quiet && result.status !== 0) {
    process.stderr.write(result.stdout);
    process.stderr.write(result.stderr);
  }
  if (result.signal !== null) return result.signal === "SIGINT" ? 130 : 143;
  return result.status ?? 1;
}

/** Installs and builds where needed; ends the process with a message when either fails. */
export function setUp() {
  requireNode();
  const wanted = installationKey();
  if (!existsSync(STAMP) || readFileSync(STAMP, "utf8") !== wanted) {
    const { name, version } = manifest().devEngines.packageManager;
    console.error(`Installing dependencies with ${name} ${version} …`);
    const code = run("npx", ["--yes", `${name}@${version}`, "install", "--frozen-lockfile"], {
      quiet: true,
      env: { CI: "1" },
    });
    if (code !== 0) fail("the dependencies could not be installed; see the messages above", code);
    writeFileSync(STAMP, wanted);
  }
  const code = run("turbo", ["run", "build", "--output-logs=errors-only"], { quiet: true });
  if (code !== 0) fail("the packages could not be built; see the messages above", code);
}

function manifest() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
}

/** What the installed dependencies depend on. */
function installationKey() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]) {
    hash.update(readFileSync(join(ROOT, file)));
  }
  return `${hash.digest("hex")} ${process.platform}-${process.arch}`;
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node 20.19 or later is needed, this is ${process.versions.node}`, 1);
  }
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function fail(message, code) {
  console.error(`internvit: ${message}`);
  process.exit(code);
}
