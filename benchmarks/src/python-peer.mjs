// @ts-check
// A Python program that answers one JSON line for each JSON line it reads; its first line says its versions.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * @param {string} python
 * @param {readonly string[]} parameters the script and its arguments
 * @param {Record<string, string>} [env]
 */
export async function startPython(python, parameters, env = {}) {
  const child = spawn(python, parameters, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${python} ended with code ${code}`)));
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
