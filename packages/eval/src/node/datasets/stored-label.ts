// Labels that are stored beside their pictures: a number, or a name. A number means the class of that number in the
// archive's own list of classes, where it has one; and that class is found by its name among those of another set.

import { EvalError } from "../../errors.ts";
import { checkNames, type ClassNames, MAX_CLASSES } from "./class-names.ts";

/** What stored labels are looked up in. */
export interface StoredLabelOptions {
  /** The classes that the archive itself has, in the order of its numbers. */
  readonly own: readonly string[] | undefined;
  /** Those that labels are wanted of; undefined for the archive's own. */
  readonly names: ClassNames | undefined;
  /** The archive, for messages. */
  readonly subject: string;
}

/** Finds the label of a stored value; `where` names the picture. */
export type LabelReader = (value: unknown, where: string) => number;

/**
 * A reader of stored labels.
 *
 * @throws EvalError `invalid-data` when the archive has classes that are not wanted; the reader does for a value that is
 * no label
 */
export function createLabelReader({ own, names, subject }: StoredLabelOptions): LabelReader {
  const byName = names?.kind === "named" ? names : undefined;
  if (byName !== undefined && own !== undefined) {
    checkNames(own, { allowed: byName, subject, what: "classes out" });
  }
  const limit = names?.classes.length ?? own?.length ?? MAX_CLASSES;
  const find = (value: unknown): number | undefined => {
    const text = typeof value === "bigint" || typeof value === "number" ? String(value) : value;
    if (typeof text !== "string") return undefined;
    if (!/^\d{1,7}$/.test(text)) {
      if (byName !== undefined) return byName.labelOf(text);
      const label = names === undefined ? (own?.indexOf(text) ?? -1) : -1;
      return label < 0 ? undefined : label;
    }
    const number = Number(text);
    if (byName !== undefined && own !== undefined) {
      const name = own[number];
      return name === undefined ? undefined : byName.labelOf(name);
    }
    return number < limit ? number : undefined;
  };
  return (value, where) => {
    const label = find(value);
    if (label !== undefined) return label;
    const found = value === undefined ? "none" : JSON.stringify(String(value));
    const advice =
      typeof value === "string" && byName === undefined && own === undefined
        ? "; a name says nothing without a list of classes, a ClassLabel of the library datasets in Parquet or classes.txt beside tar files"
        : "";
    throw new EvalError(
      "invalid-data",
      `${subject}: expected a label ${expectation(limit, byName)}, found ${found} for ${where}${advice}`,
      { subject },
    );
  };
}

function expectation(limit: number, names: ClassNames | undefined): string {
  const numbers = `from 0 to ${limit - 1}`;
  return names === undefined ? numbers : `${numbers} or a name out of ${names.expected}`;
}
