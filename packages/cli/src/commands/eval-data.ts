// The data sets of `internvit eval`, opened, and what is noticed about them before anything is computed.

import {
  findSharedPictures,
  openClassificationSet,
  type OpenSetOptions,
  type StoredClassificationSet,
} from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { formatCount, formatMany } from "../terminal/quantities.ts";

/** Pictures of each scored set that are looked for in the training set. */
const COMPARED = 1000;
/** Names that one sentence has room for. */
const NAMED = 5;

/** Which sets. */
export interface DataRequest {
  /** `name=path` */
  readonly train: string;
  readonly val: readonly string[];
  readonly list: string | undefined;
  readonly realLabels: string | undefined;
}

/** Sets that are closed together. */
export interface EvalData extends AsyncDisposable {
  readonly train: StoredClassificationSet;
  readonly val: readonly StoredClassificationSet[];
}

/** Opens all sets; labels of one's own sets mean the classes of the training set. */
export async function openData(request: DataRequest, context: CommandContext): Promise<EvalData> {
  const { env, signal, report } = context;
  const { list, realLabels } = request;
  const opened: StoredClassificationSet[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(opened.map((set) => set.dispose()));
  };
  const open = async (spec: string, options: OpenSetOptions): Promise<StoredClassificationSet> => {
    const set = await openClassificationSet(spec, {
      ...options,
      cache: `${cacheFolder(env)}/data`,
      onProgress: ({ done, total, unit }) =>
        report({
          event: "progress",
          stage: `list ${spec}`,
          done,
          total,
          unit,
        }),
      signal,
    });
    opened.push(set);
    return set;
  };
  try {
    const train = await open(request.train, { split: "train" });
    const val: StoredClassificationSet[] = [];
    for (const spec of request.val) {
      val.push(
        await open(spec, {
          split: "val",
          classes: train.classes,
          ...(list !== undefined && { list }),
          ...(realLabels !== undefined && { realLabels }),
        }),
      );
    }
    return { train, val, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What a reader of the results should know of the sets, a sentence each. */
export async function dataWarnings(
  { train, val }: EvalData,
  { signal, report }: CommandContext,
): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const set of val) {
    const missing = set.classes.filter((_, label) => set.classCounts[label] === 0);
    if (missing.length > 0) {
      const names = missing.slice(0, NAMED).join(", ");
      warnings.push(
        `${set.name} has no picture of ${formatMany(missing.length, "class").replace(/classs$/, "classes")}: ${names}${missing.length > NAMED ? ", …" : ""}`,
      );
    }
    const shared = await findSharedPictures(
      { train, val: set },
      {
        pictures: COMPARED,
        onProgress: ({ done, total }) =>
          report({ event: "progress", stage: `compare ${set.name}`, done, total, unit: "images" }),
        signal,
      },
    );
    const [first] = shared.shared;
    if (first !== undefined) {
      warnings.push(
        `${formatCount(shared.sharedCount)} of ${formatCount(shared.checked)} pictures of ${set.name} that were looked for stand in the training set too, such as ${first.val} (${first.train})`,
      );
    }
  }
  return warnings;
}
