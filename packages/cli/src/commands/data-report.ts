// What `internvit data verify` found, for people and for programs.

import { knownSet } from "@internvit/eval";

import type { JsonValue } from "../events.ts";
import { formatCount, formatMany } from "../terminal/quantities.ts";
import type { VerifiedSet } from "./data-verify.ts";

type Numbers = NonNullable<VerifiedSet["numbers"]>;

/** What was found of a set, as lines of text. */
export function describeVerifiedSet(set: VerifiedSet): string {
  const { numbers, pictures, shared, problems, split, spec } = set;
  const title =
    numbers === undefined
      ? `${spec}  ${split}`
      : `${numbers.name}  ${split}  ${numbers.origin}  ${numbers.layout}`;
  const lines = [
    ...(numbers === undefined ? [] : describeNumbers(numbers, split)),
    ...(pictures === undefined || pictures.checked === 0
      ? []
      : [
          `decoded ${formatCount(pictures.checked)}${pictures.badCount === 0 ? "" : `, ${formatCount(pictures.badCount)} of them BAD`}`,
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
  const { name, length, scored, classes, classCounts, passedOver } = numbers;
  const expected = knownSet(name)?.pictures[split];
  const full = classCounts.filter((count) => count > 0);
  const [least, most] = full.reduce(
    ([least, most], count) => [Math.min(least, count), Math.max(most, count)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const each = least === most ? formatCount(most) : `${formatCount(least)} to ${formatCount(most)}`;
  return [
    `${formatMany(length, "picture")}${expected === undefined ? "" : ` of ${formatCount(expected)}`}${scored === length ? "" : `, ${formatCount(scored)} with labels`}`,
    `${formatCount(full.length)} of ${formatCount(classes.length)} classes, ${each} ${each === "1" ? "picture" : "pictures"} each`,
    ...(passedOver.count === 0
      ? []
      : [
          `${formatMany(passedOver.count, "file")} passed over that ${passedOver.count === 1 ? "is no picture" : "are no pictures"}: ${passedOver.examples.join(", ")}`,
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

function numbersFacts(
  { name, origin, layout, classes, classCounts, length, scored, listHash, passedOver }: Numbers,
  split: VerifiedSet["split"],
): { readonly [key: string]: JsonValue } {
  return {
    name,
    origin,
    layout,
    pictures: length,
    expected: knownSet(name)?.pictures[split] ?? null,
    scored,
    listHash,
    classes: Object.fromEntries(classes.map((name, label) => [name, classCounts[label] ?? 0])),
    passedOver: { ...passedOver },
  };
}
