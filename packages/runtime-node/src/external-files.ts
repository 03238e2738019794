// Where ONNX Runtime finds the weight files of a graph. It resolves symbolic links before it checks that a file lies
// in the allowed folder, and in the Hugging Face cache every file is such a link. So the folder is the common parent
// of the resolved files, and the locations in the graph are relative to it. The files need not be in one folder: a
// projector may lie beside its own language model.

import { realpath } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";

import { RuntimeError } from "./errors.ts";

/** A folder, and where each file of the graph lies in it. */
export interface ExternalFiles {
  readonly folder: string;
  readonly locations: ReadonlyMap<string, string>;
}

/**
 * Resolves the files that a graph points into: names in `directory`, or absolute paths.
 *
 * @throws RuntimeError `io` when one is missing, `unsupported` when they are on drives without a common folder.
 */
export async function locateExternalFiles(
  directory: string,
  files: readonly string[],
): Promise<ExternalFiles> {
  const resolved = new Map<string, string>();
  for (const file of files) {
    const path = resolve(directory, file);
    const real = await realpath(path).catch((cause: unknown) => {
      throw new RuntimeError("io", `the weight file ${path} cannot be opened`, { cause });
    });
    resolved.set(file, real);
  }
  const folder = commonFolder([...resolved.values()]) ?? directory;
  return {
    folder,
    locations: new Map(
      [...resolved].map(([file, real]) => [file, relative(folder, real).replaceAll(sep, "/")]),
    ),
  };
}

function commonFolder(paths: readonly string[]): string | undefined {
  let folder: string | undefined;
  for (const path of paths) {
    folder ??= dirname(path);
    while (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      if (folder === dirname(folder)) {
        throw new RuntimeError(
          "unsupported",
          `ONNX Runtime needs all weight files under one folder, got ${paths.join(", ")}`,
        );
      }
      folder = dirname(folder);
    }
  }
  return folder;
}
