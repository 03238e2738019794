import { readFile } from "node:fs/promises";

import { CliError } from "../errors.ts";

/**
 * The JSON in a file that the user named.
 *
 * @throws CliError `not-found`, `io` or `malformed`
 */
export async function readJsonFile(
  path: string,
  options: {
    /** What the file is, for messages. */
    readonly what: string;
    readonly signal: AbortSignal;
  },
): Promise<unknown> {
  const { what, signal } = options;
  const text = await readFile(path, { encoding: "utf8", signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new CliError("not-found", `${path}: expected ${what}, found nothing`, { cause });
    }
    throw new CliError("io", `${path}: expected ${what}, reading failed: ${message}`, { cause });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const found = text === "" ? "an empty file" : (cause as Error).message.split("\n", 1)[0];
    throw new CliError("malformed", `${path}: expected ${what}, found no JSON: ${found}`, {
      cause,
    });
  }
}
