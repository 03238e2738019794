// The pictures of a job that may have millions: all of a folder, those that a list names, or what a pattern matches.
// Their order depends on their names alone, never on the order in which a disk gives them.

import { readdir } from "node:fs";
import { readdir as readFolder, readFile, realpath, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";

import type { PictureList } from "@internvit/runtime-node";
import { glob } from "tinyglobby";

import { CliError } from "../errors.ts";

/** What pictures are called. */
const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif)$/i;
/** What makes a pattern of a path. */
const MAGIC = /[*?[\]{}()!]/;
const LIST = /\.(txt|lst|list)$/i;

/**
 * The pictures that `sources` names: a folder (all pictures in it and below), a list (`.txt`, a path a line, relative
 * to the list's folder), a glob pattern, or picture files. Keys are paths with `/`: below the folder, or
 * below the last folder that a pattern names in full, in the order of their UTF-16 code units, those of a list in its order.
 *
 * @throws CliError `not-found` when there are none, `io` when a folder or a list cannot be read, `malformed` when a
 * list names a picture twice
 */
export async function findPictures(sources: readonly string[]): Promise<PictureList> {
  const list = await find(sources);
  if (list.keys.length > 0) return list;
  throw new CliError("not-found", `${sources.join(", ")}: expected pictures, found none`);
}

async function find(sources: readonly string[]): Promise<PictureList> {
  const [source = ""] = sources;
  if (sources.length > 1) return { keys: unique(sources, "the arguments"), pathOf: resolvePath };
  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory() === true) {
    const keys = await walk(source, { prefix: "", above: [] });
    return { keys: keys.sort(), pathOf: (key) => join(source, key) };
  }
  if (found !== undefined && LIST.test(source)) {
    const keys = unique(await readList(source), source);
    const folder = dirname(source);
    return { keys, pathOf: (key) => resolve(folder, key) };
  }
  if (found !== undefined) return { keys: [source], pathOf: resolvePath };
  if (!MAGIC.test(source)) {
    throw new CliError(
      "not-found",
      `${source}: expected a folder, a list (.txt), a glob pattern or a picture, found nothing`,
    );
  }
  const { base, pattern } = splitPattern(source);
  const keys = await match(pattern, { cwd: base });
  return { keys: keys.sort(), pathOf: (key) => resolve(base, key) };
}

/** The folder that everything is in that a pattern can match, and the pattern from there. */
function splitPattern(source: string): { readonly base: string; readonly pattern: string } {
  const parts = source.split("/");
  const first = parts.findIndex((part) => MAGIC.test(part));
  return {
    base: parts.slice(0, first).join("/") || (first > 0 ? "/" : "."),
    pattern: parts.slice(first).join("/"),
  };
}

/** The files that a pattern matches. */
async function match(pattern: string, { cwd }: { readonly cwd: string }): Promise<string[]> {
  const problems: NodeJS.ErrnoException[] = [];
  // The library passes over folders that it cannot read; a job that misses pictures must say so.
  const watched: typeof readdir = Object.assign((...args: Parameters<typeof readdir>) => {
    const [path, options, callback] = args;
    readdir(path, options, (error, entries) => {
      if (error !== null && error.code !== "ENOENT") problems.push(error);
      callback(error, entries);
    });
  }, readdir);
  const keys = await glob(pattern, {
    expandDirectories: false,
    dot: true,
    cwd,
    fs: { readdir: watched },
  });
  const [cause] = problems;
  if (cause === undefined) return keys;
  throw new CliError("io", `a folder of ${cwd}/${pattern} cannot be read: ${cause.message}`, {
    cause,
  });
}

function resolvePath(key: string): string {
  return resolve(key);
}

/** Every picture in a folder and below; links are followed, but not into a folder that they are in. */
async function walk(
  root: string,
  { prefix, above }: { readonly prefix: string; readonly above: readonly string[] },
): Promise<string[]> {
  const folder = join(root, prefix);
  const keys: string[] = [];
  const [entries, real] = await Promise.all([
    readFolder(folder, { withFileTypes: true }),
    realpath(folder),
  ]).catch((cause: unknown) => {
    const { message } = cause as Error;
    throw new CliError("io", `the folder ${folder} cannot be read: ${message}`, { cause });
  });
  if (above.includes(real)) return keys;
  for (const entry of entries) {
    const key = `${prefix}${entry.name}`;
    // A link that leads nowhere is a picture that is not there, if it is called like one.
    const target = entry.isSymbolicLink()
      ? await stat(join(root, key)).catch(() => undefined)
      : entry;
    if (target?.isDirectory() === true) {
      const below = await walk(root, { prefix: `${key}/`, above: [...above, real] });
      for (const picture of below) keys.push(picture);
    } else if (PICTURE.test(extname(entry.name))) keys.push(key);
  }
  return keys;
}

async function readList(path: string): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CliError("io", `the list ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  });
  return text.split(/\r?\n/).filter((line) => line !== "");
}

function unique(keys: readonly string[], where: string): readonly string[] {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) {
      throw new CliError("malformed", `${where}: expected each picture once, found ${key} twice`);
    }
    seen.add(key);
  }
  return keys;
}
