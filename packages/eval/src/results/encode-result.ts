// The JSON of a result.

import { sha256 } from "../protocols/protocol-hash.ts";
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

/** SHA-256 of `encodeResult(result)`, in hexadecimal. */
export async function hashResult(result: ClassificationResult): Promise<string> {
  return sha256(new TextEncoder().encode(encodeResult(result)));
}
