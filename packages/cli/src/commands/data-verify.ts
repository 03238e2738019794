// `internvit data verify`: whether data sets are what they must be, before hours are spent on them.

import {
  EvalError,
  findSegmentationProblems,
  findSetProblems,
  isEvalError,
  knownSegmentationSet,
  knownSet,
  parseDataSpec,
  type Split,
} from "@internvit/eval";
import {
  checkPictures,
  checkSegmentation,
  findSharedPictures,
  openClassificationSet,
  openSegmentationSet,
  type ListingProgress,
  type PictureProgress,
} from "@internvit/eval/node";
import { configureSharp } from "@internvit/preprocess/sharp";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { formatMany } from "../terminal/quantities.ts";
import { describeVerifiedSet, verifiedSetFacts } from "./data-report.ts";
import { readClassNames } from "./read-class-names.ts";
import { failedPicture } from "./run-events.ts";
import { isSegmentation, numbersOf, type StoredSet, type VerifiedSet } from "./verified-set.ts";

const PROGRESS_MILLISECONDS = 100;

/** What `data verify` is asked for. */
export interface VerifyDataRequest {
  /** Sets that are scored, `name=path`. */
  readonly sets: readonly string[];
  /** The set that is trained on, `name=path`. */
  readonly train: string | undefined;
  /** Pictures of each set that are decoded. */
  readonly decode: "all" | number;
  /** Pictures of each scored set that are looked for in the training set. */
  readonly duplicates: "all" | number;
  readonly list: string | undefined;
  readonly realLabels: string | undefined;
  /** Whether sets that are not known by name have a class for every pixel. */
  readonly segmentation: boolean;
  /** File with the names of their classes, a line each. */
  readonly classes: string | undefined;
  /** The value of pixels without a class, of such sets. */
  readonly ignoredLabel: number | undefined;
}

/** Verifies the sets, each as far as it goes, and returns the exit code: 1 when something is wrong. */
export async function verifyData(
  request: VerifyDataRequest,
  context: CommandContext,
): Promise<number> {
  configureSharp();
  const { report } = context;
  await using train = await open(request.train, { split: "train", request, context });
  const verified: VerifiedSet[] = [];
  if (train !== undefined) verified.push(await verifySet(train, { request, context }));
  for (const spec of request.sets) {
    // The labels of a set of one's own mean the classes that are trained on.
    const classes = train?.set?.classes;
    await using val = await open(spec, { split: "val", request, context, classes });
    verified.push(await verifySet(val!, { request, context, train: train?.set }));
  }
  const wrong = verified.filter(({ problems }) => problems.length > 0);
  report({
    event: "result",
    command: "data verify",
    facts: { ok: wrong.length === 0, sets: verified.map(verifiedSetFacts) },
    text: verified.map(describeVerifiedSet).join("\n"),
    ...(wrong.length === 0
      ? {}
      : {
          problem: `${wrong.length} of ${formatMany(verified.length, "data set")} not as expected`,
        }),
  });
  return wrong.length === 0 ? 0 : 1;
}

interface OpenedSet extends AsyncDisposable {
  readonly spec: string;
  readonly split: Split;
  readonly set: StoredSet | undefined;
  readonly error: EvalError | undefined;
}

interface OpenOptions {
  readonly split: Split;
  readonly request: VerifyDataRequest;
  readonly context: CommandContext;
  readonly classes?: readonly string[] | undefined;
}

async function open(spec: string, options: OpenOptions): Promise<OpenedSet>;
async function open(spec: string | undefined, options: OpenOptions): Promise<OpenedSet | undefined>;
async function open(
  spec: string | undefined,
  { split, request, context, classes }: OpenOptions,
): Promise<OpenedSet | undefined> {
  if (spec === undefined) return undefined;
  const { report, signal, env } = context;
  const { list, realLabels, ignoredLabel } = request;
  const common = {
    split,
    cache: cacheFolder(env),
    signal,
    onProgress: ({ stage, ...progress }: ListingProgress): void =>
      report({ event: "progress", stage: `${stage} ${spec.split("=")[0]}`, ...progress }),
  };
  const { name } = parseDataSpec(spec);
  const known = knownSegmentationSet(name);
  const ownSegmentation =
    request.segmentation && known === undefined && knownSet(name) === undefined;
  const names = ownSegmentation ? await readClassNames(request.classes, { signal }) : undefined;
  try {
    const set =
      known !== undefined || ownSegmentation
        ? await openSegmentationSet(spec, {
            ...common,
            ...(names === undefined ? {} : { classes: names }),
            ...(known !== undefined || ignoredLabel === undefined ? {} : { ignored: ignoredLabel }),
          })
        : await openClassificationSet(spec, {
            ...common,
            ...(classes === undefined ? {} : { classes }),
            ...(list === undefined || split === "train" ? {} : { list }),
            ...(realLabels === undefined ? {} : { realLabels }),
          });
    const dispose = (): Promise<void> => set.dispose();
    return { spec, split, set, error: undefined, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    signal.throwIfAborted();
    // A spec that is none is a mistake of the command line, anything else is a finding.
    if (!isEvalError(error) || error.code === "invalid-argument") throw error;
    return { spec, split, set: undefined, error, [Symbol.asyncDispose]: async () => {} };
  }
}

async function verifySet(
  { spec, split, set, error }: OpenedSet,
  options: {
    readonly request: VerifyDataRequest;
    readonly context: CommandContext;
    readonly train?: StoredSet | undefined;
  },
): Promise<VerifiedSet> {
  const { request, context, train } = options;
  const { report, signal } = context;
  if (set === undefined) {
    const problems = error === undefined ? [] : [{ code: error.code, message: error.message }];
    return { spec, split, numbers: undefined, pictures: undefined, shared: undefined, problems };
  }
  const found = isSegmentation(set)
    ? findSegmentationProblems(set, { split })
    : findSetProblems(set, { split });
  const problems: { code: string; message: string }[] = found.map(({ code, message }) => ({
    code,
    message,
  }));
  const progress = (stage: string): ((step: PictureProgress) => void) => {
    let said = Number.NEGATIVE_INFINITY;
    return ({ done, total }) => {
      // A set may have a million pictures; nobody wants a line for each.
      const now = performance.now();
      if (done < total && now - said < PROGRESS_MILLISECONDS) return;
      said = now;
      report({ event: "progress", stage: `${stage} ${set.name}`, done, total, unit: "images" });
    };
  };
  const looked = { pictures: request.decode, onProgress: progress("decode"), signal };
  const pictures = isSegmentation(set)
    ? await checkSegmentation(set, looked)
    : await checkPictures(set, looked);
  if (pictures.badCount > 0) {
    const fault = isSegmentation(set)
      ? "cannot be decoded, or have labels that are wrong"
      : "cannot be decoded";
    const message = `${set.name}: ${formatMany(pictures.badCount, "picture")} of ${pictures.checked} ${fault}`;
    problems.push({ code: "bad-pictures", message });
  }
  const { name, origin } = set;
  for (const picture of pictures.bad) report(failedPicture({ set: name, origin, ...picture }));
  const shared =
    train === undefined
      ? undefined
      : await findSharedPictures(
          { train, val: set },
          { pictures: request.duplicates, onProgress: progress("compare"), signal },
        );
  if (shared !== undefined && shared.sharedCount > 0) {
    const [first] = shared.shared;
    const message = `${set.name}: ${formatMany(shared.sharedCount, "picture")} of ${shared.checked} stand in the training set too, such as ${first?.val} (${first?.train})`;
    problems.push({ code: "shared-pictures", message });
  }
  return { spec, split, numbers: numbersOf(set), pictures, shared, problems };
}
