// WebDataset: pictures in tar archives. Members that have the name up to the first dot of its last part in common and
// stand side by side are one sample; of each, the picture and its label (`.cls`, or `label` or `cls` in `.json`) are
// looked for. Where the pictures lie is listed once, so that any of them is read by its place.
//
// Reference: https://github.com/webdataset/webdataset, "The WebDataset Format". A label is a number; names of classes
// come from `classes.txt` beside the archives, a line each, in the order of the labels.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { EvalError } from "../../errors.ts";
import { type ClassNames, sayNames } from "./class-names.ts";
import { ioError } from "../io-error.ts";
import type { Listing, ListingOptions } from "./listing.ts";
import { keepOpen, openFile } from "./open-files.ts";
import { isPictureName } from "./picture-names.ts";
import { createLabelReader } from "./stored-label.ts";
import type { PictureStore } from "./stored-set.ts";
import { type TarMember, tarMembers } from "./tar-members.ts";

const SHARDS_OPEN = 32;
const CLASS_NAMES = "classes.txt";

/** What was found of a sample so far. */
interface Sample {
  readonly stem: string;
  picture?: TarMember;
  label?: string;
}

/**
 * Lists the pictures of the archives.
 *
 * @throws EvalError `invalid-data` for an archive that is cut off, and for a sample without picture or label; `io`
 */
export async function listWebDataset(
  shards: readonly string[],
  options: ListingOptions & { readonly names: ClassNames | undefined; readonly folder: string },
): Promise<Listing> {
  const { writer, names, onProgress, signal, folder } = options;
  const own = await readClassNames(folder);
  const labelOf = createLabelReader({ own, names, subject: folder });
  const sizes = await Promise.all(shards.map(byteLength));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  let highest = -1;
  for (const [shard, path] of shards.entries()) {
    const file = await openFile(path);
    const append = async ({ stem, picture, label }: Sample): Promise<void> => {
      if (picture === undefined || label === undefined) {
        const missing = picture === undefined ? "picture" : "label (.cls, or label in .json)";
        throw new EvalError(
          "invalid-data",
          `${path}: expected a picture and a label in each sample, found no ${missing} for "${stem}"`,
          { subject: path },
        );
      }
      const number = labelOf(label, `"${stem}" in ${basename(path)}`);
      highest = Math.max(highest, number);
      const { name, offset, byteLength } = picture;
      const key = `${basename(path)}/${name}`;
      await writer.append({ key, labels: [number], where: [shard, offset, byteLength] });
    };
    try {
      let sample: Sample | undefined;
      for await (const member of tarMembers(file, { signal })) {
        const { stem, extension } = splitName(member.name);
        if (stem === undefined) continue;
        if (sample !== undefined && sample.stem !== stem) await append(sample);
        if (sample?.stem !== stem) sample = { stem };
        await take(member, { sample, extension, path });
        onProgress?.({ stage: "index", done: before + member.offset, total, unit: "bytes" });
      }
      if (sample !== undefined) await append(sample);
    } finally {
      await file.close();
    }
    before += file.byteLength;
    onProgress?.({ stage: "index", done: before, total, unit: "bytes" });
  }
  return {
    classes:
      names?.classes ?? own ?? Array.from({ length: highest + 1 }, (_, label) => String(label)),
    passedOver: { count: 0, examples: [] },
  };
}

/** Reads pictures by their place in the archives. */
export function createTarStore({ shards }: { readonly shards: readonly string[] }): PictureStore {
  const files = keepOpen(SHARDS_OPEN, (shard) => openFile(shards[shard]!));
  return {
    read: ({ where: [shard = 0, start = 0, byteLength = 0] }, signal) => {
      signal?.throwIfAborted();
      return files.use(shard, (file) => file.read({ start, end: start + byteLength }));
    },
    byteLength: ({ where: [, , byteLength = 0] }) => Promise.resolve(byteLength),
    close: () => files.close(),
  };
}

/** The part that a sample's members have in common, and the rest; a hidden member has none. */
function splitName(name: string): { readonly stem?: string; readonly extension: string } {
  const begin = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", begin);
  if (dot <= begin) return { extension: "" };
  return { stem: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

/** Keeps what a member says about its sample. */
async function take(
  member: TarMember,
  into: { readonly sample: Sample; readonly extension: string; readonly path: string },
): Promise<void> {
  const { sample, extension, path } = into;
  if (extension === "cls") {
    sample.label = new TextDecoder().decode(await member.read()).trim();
  } else if (extension === "json" && sample.label === undefined) {
    const label = readJsonLabel(new TextDecoder().decode(await member.read()), () => {
      throw new EvalError("invalid-data", `${path}: expected JSON in "${member.name}"`, {
        subject: path,
      });
    });
    if (label !== undefined) sample.label = label;
  } else if (isPictureName(`a.${extension}`)) {
    if (sample.picture !== undefined) {
      throw new EvalError(
        "invalid-data",
        `${path}: expected one picture in each sample, found ${sayNames([sample.picture.name, member.name])}`,
        { subject: path },
      );
    }
    sample.picture = member;
  }
}

function readJsonLabel(json: string, refuse: () => never): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refuse();
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { label, cls } = value as { label?: unknown; cls?: unknown };
  const found = label ?? cls;
  return typeof found === "number" || typeof found === "string" ? String(found) : undefined;
}

/** The classes by the file beside the archives, where there is one. */
async function readClassNames(folder: string): Promise<readonly string[] | undefined> {
  const path = join(folder, CLASS_NAMES);
  try {
    const text = await readFile(path, "utf8");
    return text.split(/\r?\n/).filter((line) => line !== "");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw ioError(`the class names ${path} cannot be read`, { subject: path, cause });
  }
}

async function byteLength(path: string): Promise<number> {
  const file = await openFile(path);
  await file.close();
  return file.byteLength;
}
