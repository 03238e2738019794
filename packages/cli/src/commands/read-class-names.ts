// Names of classes in a file of the user's, a line each.

import { readFile } from "node:fs/promises";

import { CliError, readError } from "../errors.ts";

/**
 * The names; undefined where no file is named.
 *
 * @throws CliError `not-found`, `io`; `malformed` for a file without names
 */
export async function readClassNames(
  path: string | undefined,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, { encoding: "utf8", signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw readError(`--classes: ${path}`, cause);
  });
  const names = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (names.length > 0) return names;
  throw new CliError("malformed", `--classes: expected names in ${path}, a line each, found none`);
}
