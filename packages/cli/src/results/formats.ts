// The formats of result files; a file's name says which one it is in.

import { extname } from "node:path";

import { CliError } from "../errors.ts";
import { createJsonlFile } from "./jsonl-file.ts";
import { createNpyFile } from "./npy-file.ts";
import type { ResultFile, ResultFileOptions } from "./result-file.ts";
import { createSafetensorsFile } from "./safetensors-file.ts";
import { sidecarPath } from "./sidecar.ts";
import { checkTarget } from "./temporary-files.ts";

interface Format {
  readonly create: (path: string, options: ResultFileOptions) => ResultFile;
  readonly holdsOneTensor: boolean;
  readonly hasSidecar: boolean;
}

const FORMATS: Readonly<Record<string, Format>> = {
  ".safetensors": { create: createSafetensorsFile, holdsOneTensor: false, hasSidecar: false },
  ".npy": { create: createNpyFile, holdsOneTensor: true, hasSidecar: true },
  ".jsonl": { create: createJsonlFile, holdsOneTensor: false, hasSidecar: true },
};

/**
 * Refuses a file that could not be written at the end: its name says no format, the format does not hold these
 * tensors, or its folder is not there.
 *
 * @throws CliError `usage`, `not-found`, `exists` or `io`
 */
export async function checkResultFile(path: string, tensors: readonly string[]): Promise<void> {
  const { holdsOneTensor, hasSidecar } = formatOf(path);
  if (holdsOneTensor && tensors.length !== 1) {
    throw new CliError(
      "usage",
      `--output: a ${extname(path)} file holds one tensor, but ${tensors.length} outputs are asked for (${tensors.join(", ")}); use .safetensors, or one output`,
    );
  }
  await checkTarget(path);
  if (hasSidecar) await checkTarget(sidecarPath(path));
}

/** A result file in the format that its name says. */
export function createResultFile(path: string, options: ResultFileOptions): ResultFile {
  return formatOf(path).create(path, options);
}

function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  const format = Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined;
  if (format === undefined) {
    throw new CliError(
      "usage",
      `--output: expected a name that ends in ${Object.keys(FORMATS).join(", ")}, found ${path}`,
    );
  }
  return format;
}
