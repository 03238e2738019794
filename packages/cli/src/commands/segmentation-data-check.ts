// Whether the pictures of a segmentation set and their labels can be used, as far as that can be known before a run: by
// the headers of all files, and by decoding a few, which shows labels that mean something else.

import type { RunStorage, SegmentationProtocol, Split } from "@internvit/eval";
import { checkHeaders, checkSegmentation, type StoredSegmentationSet } from "@internvit/eval/node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { formatCount, formatMany } from "../terminal/quantities.ts";
import { keptFindings } from "./kept-findings.ts";
import type { SegmentationData } from "./segmentation-data.ts";

/** Pictures of each part that are decoded. */
const DECODED = 16;
/** Pictures that are named one by one. */
const NAMED = 10;

/** What was found in a part of the set. */
interface PartFindings {
  /** Pictures whose headers do not fit, of all. */
  readonly badCount: number;
  /** The first of them. */
  readonly bad: readonly {
    readonly key: string;
    readonly code: string;
    readonly message: string;
  }[];
  /** Pictures that were decoded, and those among them that are bad or have no pixel of a class. */
  readonly decoded: number;
  readonly undecodable: readonly { readonly key: string; readonly message: string }[];
  readonly unlabelled: { readonly count: number; readonly examples: readonly string[] };
}

/**
 * Names pictures that a run could not use, before it begins: by the headers of all of them, and by decoding a few.
 *
 * @throws CliError `malformed` where the protocol ends a run at such a picture, or where none can be used
 */
export async function checkSegmentationData(
  data: SegmentationData,
  options: {
    readonly protocol: SegmentationProtocol;
    /** Undefined where nothing is kept. */
    readonly storage: RunStorage | undefined;
    readonly context: CommandContext;
  },
): Promise<void> {
  const { protocol, storage, context } = options;
  const { orientation, unreadable } = protocol;
  const { findings, known } = await keptFindings({
    file: "data-check.json",
    storage,
    sets: [data.train, data.val],
    find: async () => ({
      train: await lookThrough(data.train, { split: "train", orientation, context }),
      val: await lookThrough(data.val, { split: "val", orientation, context }),
    }),
  });
  for (const split of ["train", "val"] as const) {
    const part = findings[split];
    if (!known) tell(part, { split, context });
    judge(part, { set: data[split], split, fail: unreadable[split] === "fail" });
  }
}

async function lookThrough(
  set: StoredSegmentationSet,
  options: {
    readonly split: Split;
    readonly orientation: SegmentationProtocol["orientation"];
    readonly context: CommandContext;
  },
): Promise<PartFindings> {
  const { split, orientation, context } = options;
  const { report, signal } = context;
  const { badCount, bad } = await checkHeaders(set, {
    pictures: "all",
    orientation,
    onProgress: ({ done, total }) =>
      report({ event: "progress", stage: `check ${split}`, done, total, unit: "images" }),
    signal,
  });
  const tried = await checkSegmentation(set, { pictures: DECODED, signal });
  return {
    badCount,
    bad: bad.slice(0, NAMED),
    decoded: tried.checked,
    undecodable: tried.bad.map(({ key, message }) => ({ key, message })),
    unlabelled: tried.allIgnored,
  };
}

/** Names what was found; whether the run goes on is another matter. */
function tell(
  { badCount, bad, decoded, undecodable, unlabelled }: PartFindings,
  { split, context }: { readonly split: Split; readonly context: CommandContext },
): void {
  const { report } = context;
  const named = new Set(bad.map(({ key }) => key));
  const others = undecodable.filter(({ key }) => !named.has(key)).slice(0, NAMED);
  for (const { key, message } of [...bad, ...others]) {
    report({ event: "failed", file: key, code: "unreadable", message: `${split}: ${message}` });
  }
  if (badCount > bad.length) {
    const message = `${split}: ${formatMany(badCount, "picture")} cannot be used; the first ${bad.length} are named`;
    report({ event: "notice", message });
  }
  if (unlabelled.count > 0) {
    const message = `${split}: ${formatCount(unlabelled.count)} of ${formatMany(decoded, "picture")} that were decoded have no pixel of a class: ${unlabelled.examples.join(", ")}`;
    report({ event: "notice", message });
  }
}

function judge(
  { badCount, bad, decoded, undecodable, unlabelled }: PartFindings,
  options: {
    readonly set: StoredSegmentationSet;
    readonly split: Split;
    /** Whether one bad picture is too many. */
    readonly fail: boolean;
  },
): void {
  const { set, split, fail } = options;
  const first = bad[0] ?? undecodable[0];
  if (first !== undefined && fail) {
    throw new CliError(
      "malformed",
      `${split}: ${first.message} (the protocol ends the run at such a picture: unreadable.${split} is "fail")`,
    );
  }
  const all = badCount === set.length || undecodable.length === decoded;
  if (first !== undefined && all) {
    const what =
      badCount === set.length
        ? `none of the ${formatMany(set.length, "picture")}`
        : `none of the ${formatMany(decoded, "picture")} that were decoded`;
    throw new CliError("malformed", `${split}: ${what} can be used. The first: ${first.message}`);
  }
  if (unlabelled.count > 0 && undecodable.length + unlabelled.count >= decoded) {
    throw new CliError(
      "malformed",
      `${split}: none of the ${formatMany(decoded, "picture")} that were decoded has a pixel of a class, such as ${unlabelled.examples[0]}`,
    );
  }
}
