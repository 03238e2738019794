// @ts-check
// A peer in a process of its own, in Python or in Node: it answers one JSON line for each JSON line it reads; its first
// line says its versions.

import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where Python's scripts find the modules that several of them use, besides their own folder. */
const MODULES = fileURLToPath(new URL(".", import.meta.url));
const PYTHONPATH = [MODULES, process.env["PYTHONPATH"] ?? ""].filter(Boolean).join(delimiter);

/**
 * @param {string} program
 * @param {readonly string[]} parameters the script and its arguments
 * @param {Record<string, string>} [env]
 */
export async function startPeer(program, parameters, env = {}) {
  const child = spawn(program, parameters, {
    env: { ...process.env, PYTHONPATH, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with code ${code}`)));
  });
  failed.catch(() => {});
  const answer = async () => {
    const line = await Promise.race([lines.next(), failed]);
    return JSON.parse(/** @type {{ value: string }} */ (line).value);
  };
  return {
    /** @type {Record<string, string>} */
    versions: await answer(),
    /** @param {unknown} request */
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    close() {
      child.stdin.end();
    },
  };
}
