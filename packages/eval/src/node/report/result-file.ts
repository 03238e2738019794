// Results in files.

import { encodeResult, hashResult } from "../../results/encode-result.ts";
import { type EvaluationResult, parseEvaluationResult } from "../../results/evaluation-result.ts";
import { readJson, writeWholeFile } from "../whole-file.ts";

/**
 * The result in a file, of either kind.
 *
 * @throws EvalError `not-found`, `io`, `unsupported` for a newer one, `invalid-data` naming the field that is wrong
 */
export async function readResult(path: string): Promise<EvaluationResult> {
  return parseEvaluationResult(await readJson(path), { subject: path });
}

/**
 * Writes a result, whole or not at all, and gives the SHA-256 of the file.
 *
 * @throws EvalError `io`, or `invalid-data` for a result that could not be read again
 */
export async function writeResult(path: string, result: EvaluationResult): Promise<string> {
  await writeWholeFile(path, encodeResult(result));
  return hashResult(result);
}
