// Pictures side by side with a list of `relativePath label` lines, as the reference has ImageNet's val; or, without a
// list, all of a folder's pictures without labels, for labels that come from elsewhere.

import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

import { parseListLine } from "../../datasets/list-line.ts";
import { EvalError } from "../../errors.ts";
import { createFileCheck } from "./check-files.ts";
import { type ClassNames, MAX_CLASSES } from "./class-names.ts";
import { ioError } from "../io-error.ts";
import type { Listing, ListingOptions } from "./listing.ts";
import { isPictureName } from "./picture-names.ts";
import { walkFolder } from "./walk-folder.ts";

/**
 * The pictures that `list` names, in its order.
 *
 * @throws EvalError `invalid-data` for a line or label that is wrong, `not-found` for pictures that are not there, `io`
 */
export async function listPictureList(
  list: string,
  options: ListingOptions & { readonly folder: string; readonly names: ClassNames | undefined },
): Promise<Listing> {
  const { folder, names, writer, onProgress, signal } = options;
  const pathOf = (key: string): string => resolve(folder, key);
  const check = createFileCheck(list, { pathOf });
  let number = 0;
  let highest = -1;
  for await (const line of readLines(list)) {
    number++;
    if (line.trim() === "") continue;
    signal?.throwIfAborted();
    // Some editors begin a file with a mark of its encoding.
    const text = number === 1 ? line.replace(/^\uFEFF/, "") : line;
    const { path: key, label: written } = parseListLine(text, { subject: list, number });
    const label = names === undefined ? Number(written) : names.labelOf(written);
    if (label === undefined || label >= MAX_CLASSES) {
      throw new EvalError(
        "invalid-data",
        `${list}:${number}: expected a label out of ${names?.expected ?? `numbers below ${MAX_CLASSES}`}, found ${written} for ${key}`,
        { subject: list },
      );
    }
    highest = Math.max(highest, label);
    await check.add({ key, line: number });
    await writer.append({ key, labels: [label], where: [] });
  }
  await check.finish();
  onProgress?.({ stage: "list", done: number, total: number, unit: "images" });
  return {
    classes: names?.classes ?? Array.from({ length: highest + 1 }, (_, label) => String(label)),
    passedOver: { count: 0, examples: [] },
  };
}

/** All pictures of a folder and below, without labels. */
export async function listUnlabelled(folder: string, { writer }: ListingOptions): Promise<Listing> {
  const keys = await walkFolder(folder);
  const others: string[] = [];
  for (const key of keys) {
    if (!isPictureName(key.slice(key.lastIndexOf("/") + 1))) others.push(key);
    else await writer.append({ key, labels: [], where: [] });
  }
  return {
    classes: [],
    passedOver: { count: others.length, examples: others.slice(0, 5) },
  };
}

async function* readLines(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({
      input: createReadStream(path, "utf8"),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
  } catch (cause) {
    throw ioError(`the list ${path} cannot be read`, { subject: path, cause });
  }
}
