// A line of a picture list, as the reference's meta_data/train.txt and val.txt have them: `relativePath label`.

import { EvalError } from "../errors.ts";

/** A picture that a list names. */
export interface ListedPicture {
  /** Relative to the folder of the pictures. */
  readonly path: string;
  /** As it is written. */
  readonly label: string;
}

/**
 * The picture that a line names: everything before the last space is the path.
 *
 * @throws EvalError `invalid-data`, naming file and line
 */
export function parseListLine(
  line: string,
  { subject, number }: { readonly subject: string; readonly number: number },
): ListedPicture {
  const match = /^(.*\S)[ \t]+(\d+)$/.exec(line.trimEnd());
  const [, path = "", label = ""] = match ?? [];
  if (match !== null) return { path, label };
  throw new EvalError(
    "invalid-data",
    `${subject}:${number}: expected "relativePath label" such as "a/b.jpg 65", found ${JSON.stringify(line.slice(0, 120))}`,
    { subject },
  );
}
