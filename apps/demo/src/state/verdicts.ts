// What the head in use says of the pictures that are no examples.

import { computed, type ReadonlySignal } from "@preact/signals";

import { classify, featureVector, type Verdict } from "../model/linear-head.ts";
import { classes, nameOf, otherPictures } from "./classes.ts";
import { headInUse } from "./teaching.ts";

/** By the picture's id; none without a head. */
export const verdicts: ReadonlySignal<ReadonlyMap<number, Verdict>> = computed(() => {
  const used = headInUse.value;
  if (used === undefined) return new Map();
  return new Map(
    otherPictures.value.flatMap(({ id, features }) =>
      features === undefined ? [] : [[id, classify(used.head, featureVector(features))] as const],
    ),
  );
});

/** A class and its probability. */
export interface Chance {
  readonly name: string;
  readonly chance: number;
  readonly isBest: boolean;
}

/** A verdict with the names that the classes have now, in the order of the head's. */
export function chancesOf({ chances, best }: Verdict): readonly Chance[] {
  const taught = new Map(classes.value.map((one) => [one.id, one]));
  return (headInUse.value?.classIds ?? []).map((id, index) => ({
    name: nameOf(taught.get(id)!),
    chance: chances[index]!,
    isBest: index === best,
  }));
}
