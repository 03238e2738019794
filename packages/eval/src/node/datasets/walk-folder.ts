// The files of a folder, in an order that depends on their names alone, never on the order in which a disk gives them.

import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import { ioError } from "../io-error.ts";
import { isHiddenName } from "./picture-names.ts";

/** What a folder holds, hidden names left out; links are what they lead to. Sorted by UTF-16 code units. */
export interface FolderContents {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * What is in a folder.
 *
 * @throws EvalError `not-found` or `io`
 */
export async function readFolder(path: string): Promise<FolderContents> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw ioError(`the folder ${path} cannot be read`, { subject: path, cause });
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (isHiddenName(entry.name)) continue;
    if (await isFolder(path, entry)) folders.push(entry.name);
    else files.push(entry.name);
  }
  return { folders: folders.sort(), files: files.sort() };
}

async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  // A link that leads nowhere is a file that is not there: said when it is read.
  const target = await stat(join(path, entry.name)).catch(() => undefined);
  return target?.isDirectory() === true;
}

/**
 * Every file in a folder and below, as sorted paths with `/` from there. Links to folders are followed, but not into a
 * folder that they are in.
 *
 * @throws EvalError `not-found` or `io`
 */
export async function walkFolder(path: string): Promise<readonly string[]> {
  return (await walk(path, { prefix: "", above: [] })).sort();
}

async function walk(
  root: string,
  { prefix, above }: { readonly prefix: string; readonly above: readonly string[] },
): Promise<string[]> {
  const { folders, files } = await readFolder(join(root, prefix));
  const found = files.map((name) => prefix + name);
  if (folders.length === 0) return found;
  const real = await realpath(join(root, prefix));
  if (above.includes(real)) return [];
  for (const name of folders) {
    const below = await walk(root, { prefix: `${prefix}${name}/`, above: [...above, real] });
    for (const file of below) found.push(file);
  }
  return found;
}
