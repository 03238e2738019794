// Which training pictures a protocol uses, and in which order: a permutation drawn by seed, of which the first ones are
// held out. Features are stored in this order, so that every part of the files is a fair sample of the set although
// folders are read class by class.

import { createRandom } from "@internvit/model-core";

import type { ClassificationSet } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import type { FeaturesProtocol } from "../protocols/protocol.ts";

/** The part of a seed's sequences that belongs to the order of the set. */
const SET_ORDER = 0x6f726472;

/** The pictures that train and those that choose, by index into the set. */
export interface TrainingPictures {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * The class of every picture of a training set.
 *
 * @throws EvalError `invalid-data` for a picture that has not exactly one class, and for a class without pictures
 */
export async function trainingLabels(set: ClassificationSet): Promise<Int32Array> {
  const labels = new Int32Array(set.length);
  const seen = new Uint8Array(set.classes.length);
  for (let index = 0; index < set.length; index++) {
    const { labels: own, key } = await set.picture(index);
    const [label] = own;
    if (own.length !== 1 || label === undefined) {
      throw new EvalError(
        "invalid-data",
        `${set.name}: ${key}: expected one class to train with, found ${own.length}`,
        { subject: key },
      );
    }
    if (!(label >= 0 && label < set.classes.length)) {
      throw new EvalError(
        "invalid-data",
        `${set.name}: ${key}: expected a label from 0 to ${set.classes.length - 1}, found ${label}`,
        { subject: key },
      );
    }
    labels[index] = label;
    seen[label] = 1;
  }
  const empty = seen.indexOf(0);
  if (empty >= 0) {
    throw new EvalError(
      "invalid-data",
      `${set.name}: expected training pictures of every class, found none of ${set.classes[empty]}`,
      { subject: set.classes[empty] ?? "" },
    );
  }
  return labels;
}

/** All indices below `count` in an order of their own for each seed. */
export function setOrder(count: number, { seed }: { readonly seed: number }): Int32Array {
  return shuffled(
    Int32Array.from({ length: count }, (_, index) => index),
    {
      seed,
      path: [SET_ORDER],
    },
  );
}

/** Puts numbers into the order that seed and path draw; changes `values`. */
export function shuffled<T extends Int32Array>(
  values: T,
  { seed, path }: { readonly seed: number; readonly path: readonly number[] },
): T {
  const random = createRandom(seed, path);
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [values[last], values[other]] = [values[other]!, values[last]!];
  }
  return values;
}

/** The first pictures of each class, in the order that the seed draws: `most` of each, or all. */
export function picturesOfClasses(
  labels: Int32Array,
  options: { readonly seed: number; readonly most: number | null; readonly classes: number },
): Int32Array {
  return firstOfClasses(setOrder(labels.length, options), {
    labels,
    taken: new Uint8Array(labels.length),
    most: options.most ?? labels.length,
    classes: options.classes,
  });
}

/**
 * The pictures that a protocol trains with and holds out.
 *
 * @throws EvalError `invalid-data` where there are too few pictures of a class or in all
 */
export function choosePictures(
  labels: Int32Array,
  options: {
    readonly protocol: Pick<FeaturesProtocol, "seed" | "perClass" | "heldOut" | "batch">;
    readonly classes: readonly string[];
  },
): TrainingPictures {
  const { protocol, classes } = options;
  const { heldOut, perClass, seed, batch } = protocol;
  const order = setOrder(labels.length, { seed });
  const taken = new Uint8Array(labels.length);
  const held =
    "perClass" in heldOut
      ? firstOfClasses(order, { labels, taken, most: heldOut.perClass, classes: classes.length })
      : order.slice(0, Math.max(1, Math.round(labels.length * heldOut.share)));
  for (const index of held) taken[index] = 1;
  const train = firstOfClasses(order, {
    labels,
    taken,
    most: perClass ?? labels.length,
    classes: classes.length,
  });
  const counts = new Uint32Array(classes.length);
  for (const index of train) counts[labels[index]!]!++;
  const fewest = perClass ?? 1;
  const poor = counts.findIndex((count) => count < fewest);
  if (poor >= 0) {
    throw new EvalError(
      "invalid-data",
      `${classes[poor]}: expected at least ${fewest} training pictures beside those held out, found ${counts[poor]}`,
      { subject: classes[poor] ?? "" },
    );
  }
  if (train.length < batch) {
    throw new EvalError(
      "invalid-data",
      `expected at least one batch of ${batch} training pictures, found ${train.length} (${held.length} are held out); a smaller batch fits`,
    );
  }
  return { train, heldOut: held };
}

/** @throws EvalError `invalid-data` for fewer pictures than a batch has */
export function checkBatch(pictures: number, batch: number): void {
  if (pictures >= batch) return;
  throw new EvalError(
    "invalid-data",
    `expected at least one batch of ${batch} readable training pictures, found ${pictures}`,
  );
}

function firstOfClasses(
  order: Int32Array,
  options: {
    readonly labels: Int32Array;
    /** Those that are not free. */
    readonly taken: Uint8Array;
    readonly most: number;
    readonly classes: number;
  },
): Int32Array {
  const { labels, taken, most, classes } = options;
  const counts = new Uint32Array(classes);
  return order.filter((index) => taken[index] === 0 && counts[labels[index]!]!++ < most);
}
