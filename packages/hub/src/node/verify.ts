// Reads a model's files and compares size and hash with what the hub listed, without asking the hub again: the
// hashes are in the record of an extract, in the note that a download leaves, or in the names of the cache's blobs.

import { createReadStream } from "node:fs";
import { join } from "node:path";

import { HubError } from "../errors.ts";
import { checkReference, formatModelReference, type ModelReference } from "../model-reference.ts";
import { cachedCommit, repositoryFolder } from "./cache-layout.ts";
import { diskError, fileSize } from "./disk.ts";
import { type ExpectedFile, expectedFiles, findDamaged } from "./expected-files.ts";
import { createFileHash } from "./front-hash.ts";
import { createProgress, type DownloadProgress } from "./progress.ts";
import type { ModelParts } from "./select-tensors.ts";
import { hubSettings, type HubSettings } from "./settings.ts";

/** Options of `verifyModel`. */
export interface VerifyOptions {
  /** Default those of the environment. */
  readonly settings?: HubSettings;
  /** Default `encoder`. */
  readonly parts?: ModelParts;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
}

/** `unknown`: nothing is noted that the file could be compared with. */
export type FileState = "ok" | "wrong-hash" | "wrong-size" | "missing" | "unknown";

/** What was found of one file. */
export interface VerifiedFile {
  readonly name: string;
  readonly path: string;
  readonly state: FileState;
}

/** What was found of a model. */
export interface Verification {
  readonly path: string;
  /** True when every file is `ok`. */
  readonly ok: boolean;
  readonly files: readonly VerifiedFile[];
}

/**
 * Checks every file of a model in the cache, or of a folder.
 *
 * @throws HubError `not-found` when nothing of the model is in the cache, `io` when a file cannot be read.
 */
export async function verifyModel(
  model: ModelReference | string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const path = typeof model === "string" ? model : await locate(model, options);
  const expected = await expectedFiles(path);
  const progress = createProgress(options.onProgress);
  const present: { name: string; size: number | undefined; file: ExpectedFile | undefined }[] = [];
  for (const [name, file] of expected) {
    const size = await fileSize(join(path, name));
    present.push({ name, size, file });
    progress.expect(size ?? 0);
  }
  const files: VerifiedFile[] = [];
  for (const { name, size, file } of present) {
    const at = join(path, name);
    const reading = progress.start(name, size ?? 0);
    let state: FileState;
    if (size === undefined) state = "missing";
    else if (file === undefined) state = "unknown";
    else if (size !== (file.size ?? size)) state = "wrong-size";
    else {
      const { signal } = options;
      const found = await hashFile(at, { ...file, size, signal, onBytes: reading.add });
      state = found === (file.gitSha1 ?? file.sha256) ? "ok" : "wrong-hash";
    }
    files.push({ name, path: at, state });
    reading.finish();
  }
  return { path, ok: files.every(({ state }) => state === "ok"), files };
}

async function hashFile(
  path: string,
  options: ExpectedFile & {
    readonly size: number;
    readonly signal: AbortSignal | undefined;
    readonly onBytes: (count: number) => void;
  },
): Promise<string> {
  const { signal, onBytes } = options;
  const hash = createFileHash(options);
  const stream = createReadStream(path, {
    highWaterMark: 2 ** 20,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for await (const block of stream as AsyncIterable<Uint8Array>) {
      hash.update(block);
      onBytes(block.byteLength);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw diskError(cause, `${path} cannot be read`);
  }
  return hash.digest("hex");
}

async function locate(reference: ModelReference, options: VerifyOptions): Promise<string> {
  checkReference(reference);
  const { settings = hubSettings(), parts = "encoder" } = options;
  const folder = repositoryFolder(settings.cacheDirectory, reference.repository);
  const commit = await cachedCommit(folder, reference);
  const path = commit === undefined ? undefined : await findDamaged(folder, { commit, parts });
  if (path !== undefined) return path;
  const text = `${formatModelReference(reference)} is not in ${settings.cacheDirectory}; download it first`;
  throw new HubError("not-found", text);
}
