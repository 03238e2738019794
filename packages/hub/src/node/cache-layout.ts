// The cache of huggingface_hub (https://huggingface.co/docs/huggingface_hub/guides/manage-cache):
//
//   models--org--name/
//     blobs/<sha256 or git sha1>          the bytes
//     snapshots/<commit>/<file>           relative link to ../../blobs/…
//     refs/<revision>                     the commit of a branch or tag, 40 characters
//     .internvit/                         ours, which other tools pass over:
//       partial/<name>.{part,journal,lock}   downloads under way
//       <commit>/files.json                  sizes and hashes that the hub listed
//       <commit>/<parts>/                    extracts (extract.ts)
//
// A download under way is never called `<blob>.incomplete`: that is huggingface_hub's name. Its releases up to 1.x go
// on from the length of such a file and trust the bytes before it, and ours has its full length from the start.

import { copyFile, lstat, mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { isCommit, type ModelReference } from "../model-reference.ts";
import type { HubFile } from "../revision.ts";
import { diskError, fileSize, readText, syncFolder, writeWhole } from "./disk.ts";

/** The folder of one repository in the cache. */
export function repositoryFolder(cacheDirectory: string, repository: string): string {
  return join(cacheDirectory, `models--${repository.replace("/", "--")}`);
}

/** The repository that a folder of the cache belongs to, or undefined when it is another thing. */
export function repositoryOf(folderName: string): string | undefined {
  const [, owner, name] = /^models--([^/]+?)--([^/]+)$/.exec(folderName) ?? [];
  return owner === undefined || name === undefined ? undefined : `${owner}/${name}`;
}

/** The folder of a commit's files. */
export function snapshotFolder(folder: string, commit: string): string {
  return join(folder, "snapshots", commit);
}

/** The folder of what this package keeps of a commit. */
export function ownFolder(folder: string, commit: string): string {
  return join(folder, ".internvit", commit);
}

/** The name of a file's bytes in `blobs`: the ETag that the hub gives it. */
export function blobName(file: HubFile): string {
  return file.sha256 ?? file.gitSha1 ?? "";
}

/** The commit that the cache knows for a reference, or undefined. */
export async function cachedCommit(
  folder: string,
  { revision }: ModelReference,
): Promise<string | undefined> {
  if (isCommit(revision)) return revision;
  const commit = (await readText(join(folder, "refs", ...revision.split("/"))))?.trim();
  return commit !== undefined && isCommit(commit) ? commit : undefined;
}

/** Notes which commit a branch or tag is. */
export async function writeRef(
  folder: string,
  { revision, commit }: { readonly revision: string; readonly commit: string },
): Promise<void> {
  if (isCommit(revision)) return;
  const path = join(folder, "refs", ...revision.split("/"));
  if ((await readText(path)) !== commit) await writeWhole(path, commit);
}

/**
 * Puts a file into a snapshot: a relative link, so that the cache can be moved; where links cannot be made, the file
 * itself, moved when its blob is new and copied when other snapshots may use it. (As huggingface_hub does.)
 */
export async function placeInSnapshot(
  blob: string,
  options: {
    readonly path: string;
    readonly isNew: boolean;
    readonly symlinks: boolean;
  },
): Promise<void> {
  const { path, isNew, symlinks } = options;
  const target = relative(dirname(path), blob).replaceAll(sep, "/");
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    if ((await readlink(path).catch(() => undefined)) === target) return;
    const linked = symlinks && (await tryLink(target, temporary));
    if (!linked) await (isNew ? rename(blob, temporary) : copyFile(blob, temporary));
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(cause, `${path} cannot be made`);
  }
}

async function tryLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    if (["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"].includes(String(code))) {
      return false;
    }
    throw cause;
  }
}

/**
 * Where a file's bytes are already, in `blobs` or (where links cannot be made) in the snapshot itself; undefined when
 * they are not there or have another size. Whole files appear under these names only after their hash was checked.
 */
export async function findBlob(
  folder: string,
  { commit, file }: { readonly commit: string; readonly file: HubFile },
): Promise<string | undefined> {
  const blob = join(folder, "blobs", blobName(file));
  if ((await fileSize(blob)) === file.size) return blob;
  const path = join(snapshotFolder(folder, commit), ...file.name.split("/"));
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === file.size ? path : undefined;
}
