// Pictures that stand both in the training set and in a set that is scored. Looking for them reads much of both sets, so
// it is done once in a run: what was found is kept in its folder, with the lists of pictures that it was found in.

import { canonicalJson, type RunStorage } from "@internvit/eval";
import { type ComparedSet, findSharedPictures } from "@internvit/eval/node";

import type { CommandContext } from "../context.ts";
import { formatCount } from "../terminal/quantities.ts";

const FILE = "shared-pictures.json";
/** Pictures of each scored set that are looked for in the training set. */
const COMPARED = 1000;

/** A set of either kind. */
export interface NamedSet extends ComparedSet {
  readonly name: string;
  readonly listHash: string;
}

/** A sentence for each scored set that shares pictures with the training set. */
export async function sharedPictureWarnings(
  { train, val }: { readonly train: NamedSet; readonly val: readonly NamedSet[] },
  options: { readonly storage: RunStorage; readonly context: CommandContext },
): Promise<readonly string[]> {
  const { storage, context } = options;
  const lists = {
    train: train.listHash,
    val: val.map(({ name, listHash }) => ({ name, listHash })),
  };
  const known = await storage.read(FILE);
  if (known !== undefined) {
    const found = JSON.parse(new TextDecoder().decode(known)) as {
      readonly lists: typeof lists;
      readonly warnings: readonly string[];
    };
    if (canonicalJson(found.lists) === canonicalJson(lists)) return found.warnings;
  }
  const warnings: string[] = [];
  for (const set of val) warnings.push(...(await compare({ train, val: set }, context)));
  const text = `${JSON.stringify({ lists, warnings }, null, 2)}\n`;
  await storage.write(FILE, new TextEncoder().encode(text));
  return warnings;
}

async function compare(
  { train, val }: { readonly train: NamedSet; readonly val: NamedSet },
  { report, signal }: CommandContext,
): Promise<readonly string[]> {
  const shared = await findSharedPictures(
    { train, val },
    {
      pictures: COMPARED,
      onProgress: ({ done, total }) =>
        report({ event: "progress", stage: `compare ${val.name}`, done, total, unit: "images" }),
      signal,
    },
  );
  const [first] = shared.shared;
  if (first === undefined) return [];
  return [
    `${formatCount(shared.sharedCount)} of ${formatCount(shared.checked)} pictures of ${val.name} that were looked for stand in the training set too, such as ${first.val} (${first.train})`,
  ];
}
