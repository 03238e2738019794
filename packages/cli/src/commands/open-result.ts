// Results that the user names: a file, or the folder of a run.

import { stat } from "node:fs/promises";
import { join } from "node:path";

import { type EvaluationResult, parseEvaluationResult } from "@internvit/eval";

import { readJsonFile } from "./read-json-file.ts";

/** The result's name in the folder of a run. */
const RESULT_FILE = "results.json";

/**
 * The result in a file or in the folder of a run, of either kind.
 *
 * @throws CliError where there is none, EvalError where it is damaged
 */
export async function openResult(
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<EvaluationResult> {
  const found = await stat(path).catch(() => undefined);
  const file = found?.isDirectory() === true ? join(path, RESULT_FILE) : path;
  const json = await readJsonFile(file, { what: "a result of internvit eval", signal });
  return parseEvaluationResult(json, { subject: file });
}
