// The labels of ImageNet-ReaL (Beyer et al., "Are we done with ImageNet?", arXiv 2006.07159): real.json holds a list
// of labels for each of the 50,000 validation pictures, in the order of their numbers; an empty list means that the
// picture is not scored.

import { z } from "zod";

import { EvalError } from "../errors.ts";

const PICTURES = 50_000;
const CLASSES = 1000;

const schema = z.array(
  z.array(
    z
      .int()
      .min(0)
      .max(CLASSES - 1),
  ),
);

/**
 * The labels of each validation picture; that of `ILSVRC2012_val_00000001` is the first.
 *
 * @throws EvalError `invalid-data`, naming the file, when it is no such list, has another length, or a label is out of range
 */
export function parseRealLabels(
  json: string,
  { subject }: { readonly subject: string },
): readonly (readonly number[])[] {
  const refuse = (found: string, cause?: unknown): never => {
    throw new EvalError(
      "invalid-data",
      `${subject}: expected a list of ${PICTURES} lists of labels from 0 to ${CLASSES - 1} (ImageNet-ReaL), found ${found}`,
      { subject, cause },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    return refuse(`no JSON: ${(cause as Error).message}`, cause);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const { path = [], message = "" } = result.error.issues[0] ?? {};
    return refuse(path.length === 0 ? message : `${message} at entry ${path.join(", ")}`);
  }
  return result.data.length === PICTURES ? result.data : refuse(`${result.data.length} lists`);
}

/**
 * The number of a validation picture, 1 to 50,000, by its file name; undefined for any other name.
 */
export function validationNumber(key: string): number | undefined {
  const digits = /ILSVRC2012_val_(\d{8})/.exec(key)?.[1];
  const number = Number(digits);
  return digits !== undefined && number >= 1 && number <= PICTURES ? number : undefined;
}
