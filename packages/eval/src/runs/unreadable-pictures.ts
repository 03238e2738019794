// Pictures that could not be read or decoded, in words: which one, why, and what came of it.

import type { ClassificationSet } from "../datasets/classification-set.ts";
import type { UnreadablePicture } from "./run-events.ts";

/** Pictures that one sentence has room for. */
const NAMED = 5;

/** What is told of a picture of `set` that cannot be used because of `error`. */
export function unreadablePicture(
  { name: set, origin }: Pick<ClassificationSet, "name" | "origin">,
  options: { readonly index: number; readonly key: string; readonly error: Error },
): UnreadablePicture {
  const { index, key, error } = options;
  const message = error.message.includes(key) ? error.message : `${key}: ${error.message}`;
  return { set, origin, index, key, message };
}

/** Where a picture is: its set's place and its key. */
export function placeOf({ origin, key }: Pick<UnreadablePicture, "origin" | "key">): string {
  return `${origin}/${key}`;
}

/** Why a picture could not be read, for where its name stands already: its message without it. */
export function reasonOf(picture: Pick<UnreadablePicture, "origin" | "key" | "message">): string {
  const { key, message } = picture;
  const place = placeOf(picture);
  const named = [`${place}: `, `${place} `, `${key}: `].find((name) => message.startsWith(name));
  return message.slice(named?.length ?? 0);
}

/** A sentence for the result on training pictures that could not be read; none where there are none. */
export function trainingWarnings(
  pictures: readonly UnreadablePicture[],
  {
    replaced,
  }: {
    /** Whether others took their places. */
    readonly replaced: boolean;
  },
): readonly string[] {
  const [first] = pictures;
  if (first === undefined) return [];
  const { length } = pictures;
  const what = length === 1 ? "1 training picture" : `${length} training pictures`;
  const then = replaced ? "; others took the places" : "; the run did without";
  const more = length > NAMED ? ` and ${length - NAMED} more` : "";
  const names = pictures.slice(0, NAMED).map(({ key }) => key);
  return [
    `${what} of ${first.set} could not be read${then}: ${names.join(", ")}${more}. The first: ${reasonOf(first)}`,
  ];
}
