// Files that are there whole or not at all.

import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { EvalError } from "../../errors.ts";

/**
 * Writes a file under another name beside it first and then gives it its own; a file that is there is replaced.
 *
 * @throws EvalError `io`
 */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const unique = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const part = join(dirname(path), `.${basename(path)}.${unique}.part`);
  try {
    await using handle = await open(part, "wx");
    await handle.writeFile(text);
    await handle.sync();
    await rename(part, path);
  } catch (cause) {
    throw new EvalError("io", `${path} cannot be written: ${(cause as Error).message}`, {
      subject: path,
      cause,
    });
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * The JSON in a file.
 *
 * @throws EvalError `not-found`, `io`, or `invalid-data` for what is no JSON
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const code = cause.code === "ENOENT" ? "not-found" : "io";
    throw new EvalError(code, `${path} cannot be read: ${cause.message}`, { subject: path, cause });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new EvalError("invalid-data", `${path}: expected JSON: ${(cause as Error).message}`, {
      subject: path,
      cause,
    });
  }
}
