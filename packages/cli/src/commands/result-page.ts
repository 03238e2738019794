// The page of `internvit eval report`, with pictures of the sets that were scored.

import {
  type ClassificationResult,
  type DataSpec,
  type EvaluationResult,
  isSegmentationResult,
  knownSegmentationSet,
  parseDataSpec,
  type SegmentationResult,
} from "@internvit/eval";
import {
  openClassificationSet,
  openSegmentationSet,
  type StoredClassificationSet,
  writeHtmlReport,
  writeSegmentationHtmlReport,
} from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";

/** Where the pictures of a page are. */
export interface PageData {
  /** Sets whose pictures the page shows, as `name=path`. */
  readonly data: readonly string[];
  /** Of one's own segmentation set: the value without a class, beside 255. */
  readonly ignoredLabel: number | undefined;
}

/** Writes the page of a result; its pictures come from the sets that are named. */
export async function writePage(
  path: string,
  result: EvaluationResult,
  { data, ignoredLabel, context }: PageData & { readonly context: CommandContext },
): Promise<void> {
  const names = isSegmentationResult(result)
    ? [result.val.data.name]
    : result.sets.map((set) => set.data.name);
  const specs = data.map(parseDataSpec);
  const other = specs.find(({ name }) => !names.includes(name));
  if (other !== undefined) {
    throw new CliError("usage", `--data: expected one of ${names.join(", ")}, found ${other.name}`);
  }
  await (isSegmentationResult(result)
    ? writeSegmentationPage(path, result, { specs, ignoredLabel, context })
    : writeClassificationPage(path, result, { specs, context }));
}

async function writeClassificationPage(
  path: string,
  result: ClassificationResult,
  { specs, context }: { readonly specs: readonly DataSpec[]; readonly context: CommandContext },
): Promise<void> {
  const { env, signal } = context;
  const sets: StoredClassificationSet[] = [];
  try {
    for (const spec of specs) {
      const { classes } = result.sets.find((set) => set.data.name === spec.name)!;
      sets.push(
        await openClassificationSet(spec, {
          split: "val",
          ...(classes.length > 0 && { classes }),
          cache: `${cacheFolder(env)}/data`,
          signal,
        }),
      );
    }
    await writeHtmlReport(path, result, { sets, signal });
  } finally {
    await Promise.all(sets.map((set) => set.dispose()));
  }
}

async function writeSegmentationPage(
  path: string,
  result: SegmentationResult,
  options: {
    readonly specs: readonly DataSpec[];
    readonly ignoredLabel: number | undefined;
    readonly context: CommandContext;
  },
): Promise<void> {
  const { specs, ignoredLabel, context } = options;
  const { env, signal } = context;
  const [spec, second] = specs;
  if (second !== undefined) {
    throw new CliError("usage", "--data: a result of segmentation has one set, found several");
  }
  if (spec === undefined) return writeSegmentationHtmlReport(path, result, { signal });
  const own = knownSegmentationSet(spec.name) === undefined;
  await using set = await openSegmentationSet(spec, {
    split: "val",
    ...(own && ownLabels(result.val.classes, ignoredLabel)),
    cache: `${cacheFolder(env)}/data`,
    signal,
  });
  await writeSegmentationHtmlReport(path, result, { set, signal });
}

/** What the values of label pictures mean whose classes were those of the result. */
function ownLabels(
  classes: readonly string[],
  ignored: number | undefined,
): { readonly classes: readonly string[]; readonly ignored?: number } {
  if (ignored === undefined) return { classes };
  // A value among the classes was taken out of them; it is named again, for the classes behind it to keep their values.
  return {
    classes: ignored < classes.length ? classes.toSpliced(ignored, 0, "ignored") : classes,
    ignored,
  };
}
