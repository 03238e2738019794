// The pictures of an extraction: keys in order, and where their files are. The list is stored with the plan, because
// "the same list" is what makes it the same extraction, and to say what is different in another one.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";

import { writeWholeFile } from "./write-whole-file.ts";

/** Pictures in order; compact, because there may be millions. */
export interface PictureList {
  /** What each picture is called in the results; no two are equal. */
  readonly keys: readonly string[];
  /** The path of a picture's file. */
  pathOf(key: string): string;
}

/** Keys whose lines are made at once; between two such blocks other work has its turn. */
const BLOCK = 4096;

/** The stored form in blocks of text: one JSON string a line, so that a key may hold anything. */
function* listBlocks(keys: readonly string[]): Generator<string> {
  for (let i = 0; i < keys.length; i += BLOCK) {
    yield keys
      .slice(i, i + BLOCK)
      .map((key) => `${JSON.stringify(key)}\n`)
      .join("");
  }
}

/** SHA-256 of the stored form. */
export async function hashPictureList({ keys }: PictureList): Promise<string> {
  const hash = createHash("sha256");
  for (const block of listBlocks(keys)) {
    hash.update(block);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest("hex");
}

/** Stores the list. */
export async function writePictureList(path: string, { keys }: PictureList): Promise<void> {
  await writeWholeFile(path, listBlocks(keys));
}

/** A stored list beside the one of a run that is to go on with it. */
export interface ListComparison {
  /** The stored keys. */
  readonly keys: readonly string[];
  /** In words what differs; undefined when the run can go on with the stored list. */
  readonly difference: string | undefined;
}

/**
 * Compares a stored list with `list`. Pictures that are missing from `list` because their files are gone are no
 * difference: had they vanished a little later, they would be bad pictures, and that is what they become.
 */
export async function comparePictureLists(
  path: string,
  list: PictureList,
): Promise<ListComparison> {
  const added = new Set(list.keys);
  const keys: string[] = [];
  const missing: string[] = [];
  let moved: string | undefined;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const key = JSON.parse(line) as string;
    if (!added.delete(key)) missing.push(key);
    else if (list.keys[keys.length - missing.length] !== key) moved ??= key;
    keys.push(key);
  }
  const left: string[] = [];
  for (const key of missing) if (await isThere(list.pathOf(key))) left.push(key);
  const parts = [describe(left, "left out"), describe([...added], "new")].filter(Boolean);
  if (parts.length === 0 && moved !== undefined) parts.push(`${moved} has another place`);
  const counts = `pictures: ${keys.length} then, ${list.keys.length} now`;
  return { keys, difference: parts.length === 0 ? undefined : `${counts} (${parts.join("; ")})` };
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function describe(keys: readonly string[], what: string): string {
  if (keys.length === 0) return "";
  const [first = ""] = keys;
  return keys.length === 1
    ? `${first} is ${what}`
    : `${first} and ${keys.length - 1} more are ${what}`;
}
