// The data sets of `internvit eval segmentation`, opened, and what their numbers say.

import {
  findSegmentationProblems,
  knownSegmentationSet,
  knownSet,
  parseDataSpec,
  type RunStorage,
  type Split,
} from "@internvit/eval";
import { openSegmentationSet, type StoredSegmentationSet } from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { formatCount } from "../terminal/quantities.ts";
import { passedOverWarnings } from "./passed-over-warnings.ts";
import { readClassNames } from "./read-class-names.ts";
import { sharedPictureWarnings } from "./shared-picture-warnings.ts";

/** Which set. */
export interface SegmentationDataRequest {
  /** `ade20k`, `coco-stuff-164k`, or any other name for one's own; `folder`: the name of `root`. */
  readonly dataset: string;
  /** Folder of both parts. */
  readonly root: string;
  /** File with the names of the values in label pictures, a line each, for a set of one's own. */
  readonly classes: string | undefined;
  /** The value of pixels without a class, for a set of one's own. */
  readonly ignoredLabel: number | undefined;
}

/** Both parts of a set, closed together. */
export interface SegmentationData extends AsyncDisposable {
  readonly train: StoredSegmentationSet;
  readonly val: StoredSegmentationSet;
}

/**
 * Opens both parts.
 *
 * @throws CliError `usage` for a set of classification, `io` for class names that cannot be read; what
 * `openSegmentationSet` throws
 */
export async function openSegmentationData(
  request: SegmentationDataRequest,
  { env, signal, report }: CommandContext,
): Promise<SegmentationData> {
  const { dataset, root, ignoredLabel: ignored } = request;
  const name = dataset === "folder" ? parseDataSpec(root).name : dataset;
  if (knownSet(name) !== undefined) {
    throw new CliError("usage", `--dataset: ${name} has a class for each picture, not for pixels`);
  }
  const own = knownSegmentationSet(name) === undefined;
  if (!own && (request.classes !== undefined || ignored !== undefined)) {
    throw new CliError("usage", `--classes, --ignored-label: ${name} has its own`);
  }
  const classes = await readClassNames(request.classes, { signal });
  const open = (split: Split): Promise<StoredSegmentationSet> =>
    openSegmentationSet(
      { name, path: root },
      {
        split,
        ...(classes !== undefined && { classes }),
        ...(ignored !== undefined && { ignored }),
        cache: `${cacheFolder(env)}/data`,
        onProgress: ({ done, total, unit }) =>
          report({ event: "progress", stage: `list ${split}`, done, total, unit }),
        signal,
      },
    );
  const train = await open("train");
  try {
    const val = await open("val");
    return {
      train,
      val,
      async [Symbol.asyncDispose]() {
        await Promise.all([train.dispose(), val.dispose()]);
      },
    };
  } catch (error) {
    await train.dispose();
    throw error;
  }
}

/** What a reader of the results should know of the sets, a sentence each. */
export async function segmentationDataWarnings(
  { train, val }: SegmentationData,
  options: { readonly storage: RunStorage; readonly context: CommandContext },
): Promise<readonly string[]> {
  const parts = [
    { set: train, split: "train" },
    { set: val, split: "val" },
  ] as const;
  const counted = parts.flatMap(({ set, split }) => [
    ...findSegmentationProblems(set, { split }).map(({ message }) => message),
    ...(set.unusedLabels.count === 0
      ? []
      : [
          `${formatCount(set.unusedLabels.count)} label pictures of ${split} belong to no picture, such as ${set.unusedLabels.examples[0]}`,
        ]),
    ...passedOverWarnings(set, { split }),
  ]);
  return [...counted, ...(await sharedPictureWarnings({ train, val: [val] }, options))];
}
