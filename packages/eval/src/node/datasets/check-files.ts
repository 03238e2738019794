// Says before a run that a list names pictures that are not there.

import { stat } from "node:fs/promises";

import { EvalError } from "../../errors.ts";
import { sayNames } from "./class-names.ts";

/** A picture that a list names. */
export interface NamedFile {
  readonly key: string;
  readonly line: number;
}

/** Looks for files, many at a time. */
export interface FileCheck {
  add(file: NamedFile): Promise<void>;
  /** @throws EvalError `not-found`, naming the first files that are not there and how many there are */
  finish(): Promise<void>;
}

const AT_ONCE = 256;
/** Names that are kept; beyond it only their number. */
const NAMES_KEPT = 100;

/** A check of the files that `list` names. */
export function createFileCheck(
  list: string,
  { pathOf }: { readonly pathOf: (key: string) => string },
): FileCheck {
  let waiting: NamedFile[] = [];
  const missing: string[] = [];
  let count = 0;
  const look = async (): Promise<void> => {
    const files = waiting;
    waiting = [];
    const found = await Promise.all(
      files.map(({ key }) =>
        stat(pathOf(key)).then(
          (file) => file.isFile(),
          () => false,
        ),
      ),
    );
    for (const [i, { key, line }] of files.entries()) {
      if (found[i] === true) continue;
      count++;
      if (missing.length < NAMES_KEPT) missing.push(`${key}, line ${line}`);
    }
  };
  return {
    async add(file) {
      waiting.push(file);
      if (waiting.length >= AT_ONCE) await look();
    },
    async finish() {
      await look();
      if (count === 0) return;
      throw new EvalError(
        "not-found",
        `${list}: expected the pictures that it names, found no file for ${count === 1 ? "one" : count} of them: ${sayNames(missing)}`,
        { subject: list },
      );
    },
  };
}
