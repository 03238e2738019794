// Which files `segment` writes for which pictures. No two pictures share one, and none is a picture that is read.

import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { PictureList } from "@internvit/runtime-node";

import { CliError, writeError } from "../errors.ts";
import { checkTarget } from "../results/temporary-files.ts";

/** The files of a picture. */
export interface SegmentFiles {
  readonly key: string;
  readonly labels: string;
  readonly overlay: string;
}

/** What names the classes. */
export const LEGEND = "legend.json";

/**
 * Makes the folders and says what goes where: `a/b.jpg` of a folder becomes `a/b.labels.png`. Pictures that differ in
 * nothing else keep their ending, `b.jpg.labels.png`; what is still the same gets a number.
 *
 * @throws CliError `exists` for a file that is one of the pictures, or no file; `io`, `no-space` or `not-found` for a
 * folder that cannot be made or written
 */
export async function prepareSegmentFiles(
  pictures: PictureList,
  output: string,
): Promise<readonly SegmentFiles[]> {
  const names = resultNames(pictures.keys);
  const files = pictures.keys.map((key, at) => ({
    key,
    labels: join(output, `${names[at]}.labels.png`),
    overlay: join(output, `${names[at]}.overlay.png`),
  }));
  const targets = [
    join(output, LEGEND),
    ...files.flatMap(({ labels, overlay }) => [labels, overlay]),
  ];
  for (const folder of new Set(targets.map((target) => dirname(target)))) {
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw writeError(folder, cause);
    });
  }
  const inputs = new Map<string, string>();
  for (const key of pictures.keys) {
    const id = await identity(pictures.pathOf(key));
    if (id !== undefined) inputs.set(id, key);
  }
  for (const target of targets) {
    await checkTarget(target);
    const input = inputs.get((await identity(target)) ?? "");
    if (input === undefined) continue;
    throw new CliError(
      "exists",
      `${target} cannot be written: it is the picture ${input}; expected another --output`,
    );
  }
  return files;
}

/** The same for all names of a file; undefined where there is none. */
async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/** A name for the results of each key, in the same order. */
export function resultNames(keys: readonly string[]): readonly string[] {
  const whole = keys.map(relativeName);
  const stems = whole.map((name) => name.replace(/\.[^./]+$/, ""));
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(fold(stem), (counts.get(fold(stem)) ?? 0) + 1);
  const wanted = stems.map((stem, at) => (counts.get(fold(stem)) === 1 ? stem : whole[at]!));
  const used = new Set<string>();
  const taken = new Set(wanted.map(fold));
  return wanted.map((name) => {
    let free = name;
    for (let number = 2; used.has(fold(free)); number++) {
      const next = `${name}-${number}`;
      if (!taken.has(fold(next))) free = next;
    }
    used.add(fold(free));
    return free;
  });
}

/** File systems may not tell small letters from capital ones. */
function fold(name: string): string {
  return name.toLowerCase().normalize();
}

/** The key as a path below a folder: of one that leads elsewhere, the file's name. */
function relativeName(key: string): string {
  const parts = key.split(/[/\\]/).filter((part) => part !== "." && part !== "");
  const elsewhere = /^([/\\]|[a-z]:)/i.test(key) || parts.includes("..");
  return elsewhere ? parts.at(-1)! : parts.join("/");
}
