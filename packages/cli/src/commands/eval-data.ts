// The data sets of `internvit eval`, opened, and what is noticed about them before anything is computed.

import type { RunStorage } from "@internvit/eval";
import {
  openClassificationSet,
  type OpenSetOptions,
  type StoredClassificationSet,
} from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { formatMany } from "../terminal/quantities.ts";
import { sharedPictureWarnings } from "./shared-picture-warnings.ts";

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
  data: EvalData,
  options: { readonly storage: RunStorage; readonly context: CommandContext },
): Promise<readonly string[]> {
  const missing = data.val.flatMap((set) => {
    const without = set.classes.filter((_, label) => set.classCounts[label] === 0);
    if (without.length === 0) return [];
    const names = without.slice(0, NAMED).join(", ");
    const many = formatMany(without.length, "class").replace(/classs$/, "classes");
    return [
      `${set.name} has no picture of ${many}: ${names}${without.length > NAMED ? ", …" : ""}`,
    ];
  });
  return [...missing, ...(await sharedPictureWarnings(data, options))];
}
