// Pictures that stand both in the training set and in a set that is scored. Looking for them reads much of both sets.

import type { RunStorage } from "@internvit/eval";
import { type ComparedSet, findSharedPictures } from "@internvit/eval/node";

import type { CommandContext } from "../context.ts";
import { formatCount } from "../terminal/quantities.ts";
import { keptFindings, type ListedSet } from "./kept-findings.ts";

/** Pictures of each scored set that are looked for in the training set. */
const COMPARED = 1000;

/** A set of either kind. */
type NamedSet = ComparedSet & ListedSet;

/** A sentence for each scored set that shares pictures with the training set, found out once in a run. */
export async function sharedPictureWarnings(
  { train, val }: { readonly train: NamedSet; readonly val: readonly NamedSet[] },
  options: { readonly storage: RunStorage; readonly context: CommandContext },
): Promise<readonly string[]> {
  const { storage, context } = options;
  const { findings } = await keptFindings({
    file: "shared-pictures.json",
    storage,
    sets: [train, ...val],
    async find() {
      const warnings: string[] = [];
      for (const set of val) warnings.push(...(await compare({ train, val: set }, context)));
      return warnings;
    },
  });
  return findings;
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
