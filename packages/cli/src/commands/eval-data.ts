// The data sets of `internvit eval`, opened, and what is noticed about them before anything is computed.

import { findSetProblems, parseDataSpec, type RunStorage, type Split } from "@internvit/eval";
import {
  openClassificationSet,
  type OpenSetOptions,
  type StoredClassificationSet,
} from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { passedOverWarnings } from "./passed-over-warnings.ts";
import { sharedPictureWarnings } from "./shared-picture-warnings.ts";

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

/**
 * Opens all sets; labels of one's own sets mean the classes of the training set.
 *
 * @throws CliError `usage` for two sets of one name; what `openClassificationSet` throws
 */
export async function openData(request: DataRequest, context: CommandContext): Promise<EvalData> {
  const { env, signal, report } = context;
  const { list, realLabels } = request;
  const names = request.val.map((spec) => parseDataSpec(spec).name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new CliError("usage", `--val: expected a name for each set, found ${twice} twice`);
  }
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
  const { train, val } = data;
  const parts: readonly { readonly set: StoredClassificationSet; readonly split: Split }[] = [
    { set: train, split: "train" },
    ...val.map((set) => ({ set, split: "val" as const })),
  ];
  const counted = parts.flatMap(({ set, split }) => [
    ...findSetProblems(set, { split }).map(({ message }) => message),
    ...passedOverWarnings(set, { split }),
  ]);
  const single =
    train.classes.length > 1
      ? []
      : [`${train.name} has one class, ${train.classes[0]}: every answer is right`];
  return [...single, ...counted, ...(await sharedPictureWarnings(data, options))];
}
