// Puts ONNX Runtime's CUDA libraries where ONNX Runtime looks for them: beside its own library and nowhere else. The
// files themselves are kept in the cache, checked and whole, and links to them are put there: an installation that is
// made anew only needs the links again.

import { lstat, mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { type HubFetch, isHubError } from "@internvit/hub";
import {
  type DownloadProgress,
  downloadUrl,
  findDownload,
  type Patience,
} from "@internvit/hub/node";

import { CliError, writeError } from "../errors.ts";
import { formatBytes } from "../terminal/quantities.ts";
import { CUDA_FILES } from "./cuda-package.ts";
import type { FeedPackage } from "./nuget-feed.ts";
import { openZip } from "./read-zip.ts";

/** Options of `fetchCudaFiles`. */
export interface FetchCudaOptions extends Patience {
  /** Where the package is and what its hash is; asked only when it is needed. */
  readonly locate: () => Promise<FeedPackage>;
  /** Folder of the cache for this version; made when it is not there. */
  readonly folder: string;
  readonly fetch: HubFetch;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Told before the download begins. */
  readonly onSize: (bytes: number, url: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that the libraries are in the cache; returns their paths. What is there already is used.
 *
 * @throws HubError when the package cannot be downloaded or is not the one that was published; CliError.
 */
export async function fetchCudaFiles(options: FetchCudaOptions): Promise<readonly string[]> {
  const { folder, signal } = options;
  const files = CUDA_FILES.map((name) => join(folder, "lib", basename(name)));
  if (await areThere(files)) return files;
  const { url, sha512 } = await options.locate();
  const file = await findDownload(url, options);
  options.onSize(file.size, url);
  const archive = join(folder, "package.nupkg");
  await downloadUrl(file, { ...options, path: archive, sha512 }).catch((error: unknown) => {
    throw isHubError(error) && error.code === "disk-full" ? noRoom(folder, file.size) : error;
  });
  await unpack(archive, { folder, signal });
  await rm(archive, { force: true });
  return files;
}

/** The hub's own error speaks of the hub's cache. */
function noRoom(folder: string, bytes: number): CliError {
  return new CliError(
    "no-space",
    `${formatBytes(bytes)} do not fit into ${folder}; INTERNVIT_CACHE names another place`,
  );
}

/** Unpacks the libraries of a package whose bytes were checked; the folder `lib` appears whole or not at all. */
async function unpack(
  archive: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const temporary = join(folder, `lib-${process.pid}`);
  try {
    await mkdir(temporary, { recursive: true });
    await using zip = await openZip(archive);
    for (const name of CUDA_FILES) {
      const entry = zip.entries.find((candidate) => candidate.name === name);
      if (entry === undefined) {
        throw new CliError("malformed", `${archive} has no ${name}: is it another package?`);
      }
      await zip.extract(entry, { path: join(temporary, basename(name)), signal });
    }
    await rm(join(folder, "lib"), { recursive: true, force: true });
    await rename(temporary, join(folder, "lib"));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function areThere(files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(files.map((file) => lstat(file).catch(() => undefined)));
  return found.every((stats) => stats?.isFile() === true);
}

/**
 * Links files into a folder, each under its own name; a link of ours that is there is replaced.
 *
 * @throws CliError `exists` when something else has the name; `io` when the folder cannot be written.
 */
export async function linkFiles(
  files: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const links: string[] = [];
  for (const file of files) {
    const link = join(folder, basename(file));
    const found = await lstat(link).catch(() => undefined);
    if (found?.isSymbolicLink() === true && (await readlink(link)) === file) {
      links.push(link);
      continue;
    }
    if (found !== undefined && !found.isSymbolicLink()) {
      throw new CliError(
        "exists",
        `${link} is there already and is not a link: it was installed by something else and is left alone. Remove it to have it replaced`,
      );
    }
    const temporary = join(dirname(link), `.${basename(link)}-${process.pid}`);
    try {
      await symlink(file, temporary);
      await rename(temporary, link);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw writeError(link, cause);
    }
    links.push(link);
  }
  return links;
}
