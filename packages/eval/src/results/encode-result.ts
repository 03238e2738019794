// The JSON of a result.

import { sha256 } from "../protocols/protocol-hash.ts";
import { type EvaluationResult, parseEvaluationResult } from "./evaluation-result.ts";
import { canonicalText } from "./canonical-text.ts";

/**
 * The one text of a result: canonical JSON, so that equal results are equal files.
 *
 * @throws EvalError `invalid-data` for a value that `parseEvaluationResult` would refuse
 */
export function encodeResult(result: EvaluationResult): string {
  return canonicalText(parseEvaluationResult(result, { subject: "the result to be written" }));
}

/** SHA-256 of `encodeResult(result)`, in hexadecimal. */
export async function hashResult(result: EvaluationResult): Promise<string> {
  return sha256(new TextEncoder().encode(encodeResult(result)));
}
