// How a data set is named on a command line: `imagenet-a=/data/imagenet-a`, or a path alone.

import { EvalError } from "../errors.ts";

/** A data set by name and place. */
export interface DataSpec {
  /** A known name such as `imagenet-a`, or what the user calls the set; `[a-z0-9._-]`, also in other letters' case. */
  readonly name: string;
  /** A folder or a file. */
  readonly path: string;
}

/**
 * The name and place in `name=path`. A path alone has the name of its last part, without `.csv` and the like; a part
 * before the first `=` that has a separator in it belongs to the path.
 *
 * @throws EvalError `invalid-argument`
 */
export function parseDataSpec(text: string): DataSpec {
  const split = /^([A-Za-z0-9][\w.-]*)=(.+)$/s.exec(text);
  const path = split?.[2] ?? text;
  const name = split?.[1] ?? lastPart(path).replace(/\.(csv|tsv|txt|lst|tar|parquet)$/i, "");
  if (path === "" || path.startsWith("=") || name === "") {
    throw new EvalError(
      "invalid-argument",
      `expected a data set as name=path, such as imagenet-a=/data/imagenet-a, found "${text}"`,
      { subject: text },
    );
  }
  return { name, path };
}

function lastPart(path: string): string {
  return (
    path
      .split(/[/\\]/)
      .filter((part) => part !== "" && part !== ".")
      .at(-1) ?? ""
  );
}
