// Which label a class's name or number means.

import { EvalError } from "../../errors.ts";

/** The classes of a set and how its files say them. */
export interface ClassNames {
  readonly classes: readonly string[];
  /** Whether names on the disk are names of classes, or numbers that are the labels. */
  readonly kind: "named" | "numbered";
  /** The label of a name as it stands on the disk; undefined when it is none. */
  labelOf(name: string): number | undefined;
  /** What names are expected, for messages. */
  readonly expected: string;
}

/** A label beyond it is taken for a mistake, before an array of that length is made. */
export const MAX_CLASSES = 1_000_000;
const NAMES_SAID = 5;

/** Classes by name; a class's position is its label. */
export function namedClasses(classes: readonly string[]): ClassNames {
  const labels = new Map(classes.map((name, label) => [name, label]));
  const [first = "", second] = classes;
  const and = second === undefined ? "" : `, "${second}"${classes.length > 2 ? " …" : ""}`;
  return {
    classes,
    kind: "named",
    labelOf: (name) => labels.get(name),
    expected: `${classes.length} classes "${first}"${and}`,
  };
}

/** Classes by number: the name on the disk is the label. */
export function numberedClasses(classes: readonly string[]): ClassNames {
  return {
    classes,
    kind: "numbered",
    labelOf(name) {
      const label = /^\d{1,7}$/.test(name) ? Number(name) : classes.length;
      return label < classes.length ? label : undefined;
    },
    expected: `numbers from 0 to ${classes.length - 1}`,
  };
}

/** Some names in words: the first few, and how many more. */
export function sayNames(names: readonly string[]): string {
  const said = names.slice(0, NAMES_SAID).map((name) => `"${name}"`);
  const more = names.length - said.length;
  return said.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * Refuses names that are no classes.
 *
 * @throws EvalError `invalid-data`, naming them
 */
export function checkNames(
  names: readonly string[],
  options: { readonly allowed: ClassNames; readonly subject: string; readonly what: string },
): void {
  const { allowed, subject, what } = options;
  const unknown = names.filter((name) => allowed.labelOf(name) === undefined);
  if (unknown.length === 0) return;
  throw new EvalError(
    "invalid-data",
    `${subject}: expected ${what} of ${allowed.expected}, found ${sayNames(unknown)}, which ${unknown.length === 1 ? "is none" : "are none"} of them`,
    { subject },
  );
}
