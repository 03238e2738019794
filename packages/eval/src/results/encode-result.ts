// The JSON of a result.

import { canonicalText } from "./json-value.ts";
import { parseResult } from "./parse-result.ts";
import type { ClassificationResult } from "./result.ts";

/**
 * The one text of a result: canonical JSON, so that equal results are equal files.
 *
 * @throws EvalError `invalid-data` for a value that `parseResult` would refuse
 */
export function encodeResult(result: ClassificationResult): string {
  return canonicalText(parseResult(result, { subject: "the result to be written" }));
}

/** SHA-256 of `encodeResult(result)`, in hexadecimal, by the hash function that the caller has. */
export async function hashResult(
  result: ClassificationResult,
  sha256: (text: string) => string | Promise<string>,
): Promise<string> {
  return sha256(encodeResult(result));
}
