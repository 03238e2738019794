// Converted weights on disk: a folder with the tensors and, written after them, what they are. The folder gets its
// name by one rename when both are on the disk, so a process that is killed leaves nothing that could be taken for
// good. What is there is used when the tensors have the length that the second file says; a file that was cut or
// grown is made again. Two processes may make the same folder: the first to finish wins and both use it.

import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { DerivedGroup, LayerSpread, ReadWeights } from "@internvit/model-core";

import { isRuntimeError, RuntimeError } from "../errors.ts";
import { createOutputFolder } from "../export/output-folder.ts";
import { writeHashedFile } from "../export/write-hashed-file.ts";

/** Name of the file of tensors. */
export const TENSORS_FILE = "weights.bin";
const DESCRIPTION_FILE = "weights.json";

/** What stands beside the tensors. */
export interface SidecarDescription {
  readonly format: "internvit-weights";
  /** Version of the conversion; another one gives other bytes. */
  readonly conversion: number;
  readonly dtype: string;
  readonly target: string;
  /** SHA-256 of the checkpoint's files. */
  readonly checkpoint: readonly string[];
  /** Columns that were added, by layers; needed to write the graph again. */
  readonly spread: readonly LayerSpread[] | undefined;
  readonly byteLength: number;
  readonly sha256: string;
}

/** Why a folder cannot be used, or what it holds. */
export type FoundSidecar =
  | { readonly state: "missing" }
  | { readonly state: "damaged"; readonly reason: string }
  | { readonly state: "ready"; readonly description: SidecarDescription };

/** Looks at a folder. */
export async function findSidecar(folder: string): Promise<FoundSidecar> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new RuntimeError("io", `${folder} cannot be read: ${cause.message}`, { cause });
  });
  if (names === undefined) return { state: "missing" };
  let description: Partial<SidecarDescription>;
  try {
    description = JSON.parse(await readFile(join(folder, DESCRIPTION_FILE), "utf8")) as object;
  } catch (error) {
    return {
      state: "damaged",
      reason: `${DESCRIPTION_FILE} cannot be read: ${(error as Error).message}`,
    };
  }
  if (description.format !== "internvit-weights" || description.byteLength === undefined) {
    return { state: "damaged", reason: `${DESCRIPTION_FILE} does not describe weights` };
  }
  const found = await stat(join(folder, TENSORS_FILE)).catch(() => undefined);
  if (found?.size !== description.byteLength) {
    return {
      state: "damaged",
      reason: `${TENSORS_FILE}: expected ${description.byteLength} bytes, found ${found?.size ?? "no file"}`,
    };
  }
  return { state: "ready", description: description as SidecarDescription };
}

/** What is written. */
export interface SidecarContents {
  readonly groups: readonly DerivedGroup[];
  readonly byteLength: number;
  readonly read: ReadWeights;
  readonly description: Omit<SidecarDescription, "format" | "byteLength" | "sha256">;
}

/**
 * Writes the folder; when another process was faster, what it wrote stays.
 *
 * @throws RuntimeError `no-space` or `io`; the signal's reason. Nothing is left behind.
 */
export async function writeSidecar(
  folder: string,
  contents: SidecarContents,
  options: {
    /** Whether what is there is replaced. */
    readonly overwrite: boolean;
    readonly signal?: AbortSignal | undefined;
    readonly onBytes?: (count: number) => void;
  },
): Promise<void> {
  const { groups, byteLength, read, description } = contents;
  const { overwrite, signal, onBytes } = options;
  await removeAbandoned(dirname(folder));
  try {
    await using output = await createOutputFolder(folder, {
      overwrite,
      ownFiles: [TENSORS_FILE, DESCRIPTION_FILE],
      byteLength,
    });
    const write = (name: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) =>
      writeHashedFile(join(output.path, name), pieces, {
        name,
        target: join(folder, name),
        signal,
        ...(onBytes === undefined ? {} : { onBytes }),
      });
    const { sha256 } = await write(TENSORS_FILE, derivedPieces(groups, read));
    const said: SidecarDescription = {
      format: "internvit-weights",
      ...description,
      byteLength,
      sha256,
    };
    await write(DESCRIPTION_FILE, [new TextEncoder().encode(`${JSON.stringify(said)}\n`)]);
    signal?.throwIfAborted();
    await output.commit();
  } catch (error) {
    const taken = isRuntimeError(error) && (error.code === "exists" || error.code === "io");
    if (!taken || (await findSidecar(folder)).state !== "ready") throw error;
  }
}

/** The bytes of the file in order, zeros between the tensors. */
export async function* derivedPieces(
  groups: readonly DerivedGroup[],
  read: ReadWeights,
): AsyncGenerator<Uint8Array> {
  let end = 0;
  for (const { tensors, make } of groups) {
    const arrays = await make(read);
    for (const [index, { name, start, byteLength }] of tensors.entries()) {
      const array = arrays[index];
      if (array?.byteLength !== byteLength) {
        throw new RuntimeError(
          "io",
          `the converted tensor ${name} has ${array?.byteLength ?? 0} bytes, expected ${byteLength}`,
        );
      }
      if (start > end) yield new Uint8Array(start - end);
      yield new Uint8Array(array.buffer, array.byteOffset, byteLength);
      end = start + byteLength;
    }
  }
}

const ABANDONED_AFTER = 10 * 60_000;

/**
 * Removes what killed processes left: unfinished folders whose process is gone and that nobody has written to for
 * ten minutes. The process alone says too little: it may run in another container over the same cache.
 */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = /^\..+\.(\d+)-[0-9a-f]{8}\.part$/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(parent, name);
    const found =
      (await stat(join(path, TENSORS_FILE)).catch(() => undefined)) ??
      (await stat(path).catch(() => undefined));
    if (found === undefined || Date.now() - found.mtimeMs < ABANDONED_AFTER) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
