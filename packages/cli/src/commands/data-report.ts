// What `internvit data verify` found, for people and for programs.

import type { JsonValue } from "@internvit/model-core";
import { knownSegmentationSet, knownSet } from "@internvit/eval";
import type { PassedOver, PictureCheck, SegmentationCheck } from "@internvit/eval/node";

import { formatCount, formatMany } from "../terminal/quantities.ts";
import type { ClassificationNumbers, SegmentationNumbers, VerifiedSet } from "./verified-set.ts";

/** Classes that one line has room for. */
const CLASSES_SAID = 5;

type Numbers = ClassificationNumbers | SegmentationNumbers;

/** What was found of a set, as lines of text. */
export function describeVerifiedSet(set: VerifiedSet): string {
  const { numbers, pictures, shared, problems, split, spec } = set;
  const title =
    numbers === undefined
      ? `${spec}  ${split}`
      : `${numbers.name}  ${split}  ${numbers.origin}  ${"labelOrigin" in numbers ? numbers.labelOrigin : numbers.layout}`;
  const lines = [
    ...(numbers === undefined ? [] : describeNumbers(numbers, split)),
    ...(pictures === undefined || pictures.checked === 0
      ? []
      : [
          `decoded ${formatCount(pictures.checked)}${pictures.badCount === 0 ? "" : `, ${formatCount(pictures.badCount)} of them BAD`}`,
          ...describeLabels(numbers, pictures),
        ]),
    ...(shared === undefined || shared.checked === 0
      ? []
      : [
          `looked for ${formatCount(shared.checked)} in the training set: ${shared.sharedCount === 0 ? "none is there" : `${formatCount(shared.sharedCount)} FOUND`}${shared.unread === 0 ? "" : `; ${formatMany(shared.unread, "picture")} could not be read`}`,
        ]),
    ...problems.map(({ message }) => `PROBLEM ${message}`),
    ...(problems.length === 0 ? ["ok"] : []),
  ];
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

function describeNumbers(numbers: Numbers, split: VerifiedSet["split"]): readonly string[] {
  const { name, length, passedOver } = numbers;
  const expected = expectedPictures(name, split);
  const of = expected === undefined ? "" : ` of ${formatCount(expected)}`;
  const pictures = `${formatMany(length, "picture")}${of}`;
  const passed = describeFiles(passedOver, ["that is no picture", "that are no pictures"]);
  if ("labelOrigin" in numbers) {
    const unused = describeFiles(numbers.unusedLabels, [
      "that is a label without a picture",
      "that are labels without a picture",
    ]);
    return [pictures, ...passed, ...unused];
  }
  const { scored, classes, classCounts } = numbers;
  const full = classCounts.filter((count) => count > 0);
  const [least, most] = full.reduce(
    ([least, most], count) => [Math.min(least, count), Math.max(most, count)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const each = least === most ? formatCount(most) : `${formatCount(least)} to ${formatCount(most)}`;
  return [
    `${pictures}${scored === length ? "" : `, ${formatCount(scored)} with labels`}`,
    `${formatCount(full.length)} of ${formatCount(classes.length)} classes, ${each} ${each === "1" ? "picture" : "pictures"} each`,
    ...passed,
  ];
}

function expectedPictures(name: string, split: VerifiedSet["split"]): number | undefined {
  return (knownSegmentationSet(name) ?? knownSet(name))?.pictures[split];
}

function describeFiles(
  { count, examples }: PassedOver,
  [one, many]: readonly [string, string],
): readonly string[] {
  if (count === 0) return [];
  return [
    `${formatMany(count, "file")} passed over ${count === 1 ? one : many}: ${examples.join(", ")}`,
  ];
}

/** What the labels hold that were decoded. */
function describeLabels(
  numbers: Numbers | undefined,
  pictures: PictureCheck | SegmentationCheck,
): readonly string[] {
  if (numbers === undefined || !("classPixels" in pictures)) return [];
  const { classPixels, ignoredPixels, allIgnored } = pictures;
  const labelled = classPixels.reduce((sum, count) => sum + count, 0);
  const absent = numbers.classes.filter((_, label) => classPixels[label] === 0);
  const share = labelled + ignoredPixels === 0 ? 0 : ignoredPixels / (labelled + ignoredPixels);
  const seen = formatCount(classPixels.length - absent.length);
  const without =
    absent.length === 0
      ? ""
      : `, none of ${absent.slice(0, CLASSES_SAID).join(", ")}${absent.length > CLASSES_SAID ? " …" : ""}`;
  return [
    `${seen} of ${formatCount(classPixels.length)} classes in them${without}; ${(100 * share).toFixed(1)} % of the pixels without a class`,
    ...(allIgnored.count === 0
      ? []
      : [
          `${formatMany(allIgnored.count, "picture")} without any labelled pixel: ${allIgnored.examples.join(", ")}`,
        ]),
  ];
}

/** What was found of a set, as JSON. */
export function verifiedSetFacts(set: VerifiedSet): { readonly [key: string]: JsonValue } {
  const { spec, split, numbers, pictures, shared, problems } = set;
  return {
    set: spec,
    split,
    ok: problems.length === 0,
    ...(numbers === undefined ? {} : numbersFacts(numbers, split)),
    ...(pictures === undefined
      ? {}
      : {
          decoded: pictures.checked,
          bad: pictures.badCount,
          badPictures: pictures.bad.map((picture) => ({ ...picture })),
          ...labelFacts(numbers, pictures),
        }),
    ...(shared === undefined
      ? {}
      : {
          compared: shared.checked,
          shared: shared.sharedCount,
          sharedPictures: shared.shared.map((picture) => ({ ...picture })),
          unread: shared.unread,
        }),
    problems: problems.map((problem) => ({ ...problem })),
  };
}

function labelFacts(
  numbers: Numbers | undefined,
  pictures: PictureCheck | SegmentationCheck,
): { readonly [key: string]: JsonValue } {
  if (numbers === undefined || !("classPixels" in pictures)) return {};
  const { classPixels, ignoredPixels, allIgnored } = pictures;
  return {
    pixels: Object.fromEntries(numbers.classes.map((name, label) => [name, classPixels[label]!])),
    ignoredPixels,
    allIgnored: { ...allIgnored },
  };
}

function numbersFacts(
  numbers: Numbers,
  split: VerifiedSet["split"],
): { readonly [key: string]: JsonValue } {
  const { name, origin, classes, length, listHash, passedOver } = numbers;
  const expected = expectedPictures(name, split) ?? null;
  const common = { name, origin, pictures: length, expected, listHash };
  if ("labelOrigin" in numbers) {
    const { labelOrigin, unusedLabels } = numbers;
    return {
      ...common,
      labelOrigin,
      classes: [...classes],
      passedOver: { ...passedOver },
      unusedLabels: { ...unusedLabels },
    };
  }
  const { layout, classCounts, scored } = numbers;
  return {
    ...common,
    layout,
    scored,
    classes: Object.fromEntries(classes.map((name, label) => [name, classCounts[label] ?? 0])),
    passedOver: { ...passedOver },
  };
}
