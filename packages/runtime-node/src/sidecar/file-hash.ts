// The SHA-256 of weight files, computed once. Hashing 11 GB takes longer than loading them, so the result is kept in
// the cache folder under the file's path, with its size, its inode and the times of its last change of content and of
// status, in nanoseconds. The second is the system's own and cannot be set: whoever changes the bytes changes it, also
// where the other is put back. A file of the Hugging Face cache is named by its SHA-256 already.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { hashSources } from "../export/source-files.ts";
import { fileSource } from "../file-source.ts";
import { RuntimeError } from "../errors.ts";
import type { OnWeights } from "./events.ts";

/** Options of `hashWeightFile`. */
export interface HashOptions {
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal | undefined;
  readonly onWeights?: OnWeights | undefined;
}

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * SHA-256 in hexadecimal.
 *
 * @throws RuntimeError `io` when the file cannot be read; the signal's reason.
 */
export async function hashWeightFile(path: string, options: HashOptions): Promise<string> {
  const known = await knownHash(path, options);
  if (known !== undefined) return known;
  const real = await resolveLinks(path);
  const identity = await identityOf(real);
  const sha256 = await hashFile(real, options);
  if ((await identityOf(real)) !== identity) {
    throw new RuntimeError("io", `${path} was changed while it was read`);
  }
  await keep(entryOf(real, options), { identity, sha256 });
  return sha256;
}

/**
 * The hash of a file where it need not be read for it.
 *
 * @throws RuntimeError `io` when there is no such file
 */
export async function knownHash(
  path: string,
  options: Pick<HashOptions, "cacheDirectory">,
): Promise<string | undefined> {
  const real = await resolveLinks(path);
  const name = basename(real);
  if (SHA256.test(name) && basename(dirname(real)) === "blobs") return name;
  const known = await readKnown(entryOf(real, options));
  return known !== undefined && known.identity === (await identityOf(real))
    ? known.sha256
    : undefined;
}

async function resolveLinks(path: string): Promise<string> {
  return realpath(path).catch((cause: unknown) => {
    throw new RuntimeError("io", `the weight file ${path} cannot be opened`, { cause });
  });
}

function entryOf(real: string, { cacheDirectory }: Pick<HashOptions, "cacheDirectory">): string {
  const name = createHash("sha256").update(real).digest("hex");
  return join(cacheDirectory, "hashes", `${name}.json`);
}

async function identityOf(path: string): Promise<string> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  return [path, size, mtimeNs, ctimeNs, ino].join("\n");
}

interface KnownHash {
  readonly identity: string;
  readonly sha256: string;
}

/** An entry that is missing or broken is as good as none: the file is hashed again. */
async function readKnown(entry: string): Promise<KnownHash | undefined> {
  try {
    const { identity, sha256 } = JSON.parse(await readFile(entry, "utf8")) as Partial<KnownHash>;
    return identity !== undefined && sha256 !== undefined && SHA256.test(sha256)
      ? { identity, sha256 }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A hash that cannot be kept, in a cache folder that cannot be written to, is computed again the next time. */
async function keep(entry: string, known: KnownHash): Promise<void> {
  const temporary = `${entry}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
  try {
    await mkdir(dirname(entry), { recursive: true });
    await writeFile(temporary, JSON.stringify(known));
    await rename(temporary, entry);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function hashFile(path: string, { signal, onWeights }: HashOptions): Promise<string> {
  const source = await fileSource(path);
  if (source === undefined) throw new RuntimeError("io", `there is no weight file ${path}`);
  const total = source.byteLength;
  let done = 0;
  const [hashed] = await hashSources(new Map([[path, source]]), {
    signal,
    onBytes(count) {
      done += count;
      onWeights?.({ kind: "progress", stage: "hash", done, total });
    },
  });
  if (hashed === undefined) throw new Error("one file has one hash");
  return hashed.sha256;
}
