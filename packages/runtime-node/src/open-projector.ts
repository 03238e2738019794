// A projector that was saved alone, on disk: a safetensors file, or a folder in the layout of a checkpoint.

import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import {
  type Affine,
  ModelError,
  type ProjectorFiles,
  type ProjectorWeights,
  readProjector,
} from "@internvit/model-core";

import { fileSource } from "./file-source.ts";

/** A projector with the folder that its files are in. */
export interface LocalProjector extends ProjectorFiles {
  readonly folder: string;
}

/**
 * Reads the tensor table of a projector: the `.safetensors` file at `path`, or the checkpoint folder there, whose
 * config.json may be missing. No weights are read.
 *
 * @throws ModelError when it is missing, malformed or unsupported; RuntimeError `io` when reading fails.
 */
export async function openProjector(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<LocalProjector> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ModelError("not-found", `there is no projector ${path}`, { subject: path, cause });
  });
  const folder = found.isDirectory() ? path : dirname(path);
  const directory = { label: folder, open: (name: string) => fileSource(join(folder, name)) };
  const projector = await readProjector(directory, {
    ...(found.isDirectory() ? {} : { file: basename(path) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...projector, label: path, folder };
}

/** The same weights with absolute paths in place of the files' names, for a graph whose other files lie elsewhere. */
export function atAbsolutePaths(weights: ProjectorWeights, folder: string): ProjectorWeights {
  const move = ({ weight, bias }: Affine): Affine => ({
    weight: { ...weight, file: resolve(folder, weight.file) },
    bias: bias === undefined ? undefined : { ...bias, file: resolve(folder, bias.file) },
  });
  return {
    norm: move(weights.norm),
    linear1: move(weights.linear1),
    linear2: move(weights.linear2),
  };
}
