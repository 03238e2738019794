// One file of any HTTP server, with everything that downloads from the hub have: resume after a break and in a later
// process, several connections, a lock against a second process, a hash, and a final name only when that is right.

import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";

import { type HubConnection, type HubFetch, toConnection } from "../connection.ts";
import { HubError, isHubError } from "../errors.ts";
import type { RemoteFile } from "../http-range.ts";
import { openResponse } from "../open-response.ts";
import { fileSize } from "./disk.ts";
import { asOwner, fetchTarget, requireSpace } from "./fetch-target.ts";
import type { Patience } from "./hub-fetch.ts";
import { createProgress, type DownloadProgress } from "./progress.ts";
import { planWholeFile } from "./transfer-plan.ts";

/** Options of everything that asks a server for a file. */
export interface UrlOptions extends Patience {
  readonly fetch: HubFetch;
  readonly signal?: AbortSignal;
}

/** A file that a server has. */
export interface DownloadableFile {
  readonly url: string;
  /** In bytes. */
  readonly size: number;
}

const CONNECTIONS = 4;
const CHUNK_BYTES = 16 * 2 ** 20;

/**
 * Asks a server how large a file is.
 *
 * @throws HubError `not-found`, `unauthorized`, `network`, or `unsupported` when it does not tell the size.
 */
export async function findDownload(url: string, options: UrlOptions): Promise<DownloadableFile> {
  const connection = connect(url, options);
  const answer = await neutral(url, () =>
    openResponse(url, {
      connection,
      headers: { range: "bytes=0-0", "accept-encoding": "identity" },
      subject: url,
      repository: "",
      accept: [200, 206],
      signal: options.signal,
    }),
  );
  answer.close();
  const size =
    answer.status === 206
      ? /^bytes 0-0\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1]
      : answer.headers.get("content-length");
  if (size === null || size === undefined || !/^\d{1,15}$/.test(size)) {
    throw new HubError("unsupported", `${url}: the server does not say how large the file is`);
  }
  return { url, size: Number(size) };
}

/**
 * Downloads a file to `path`; one that is there already is believed, since it got its name after its hash was checked.
 *
 * @throws HubError `mismatch` when the bytes do not have the hash (they are removed), `disk-full`, `network`,
 *   `not-found`; the signal's reason when it aborts. What came is kept, and the next call goes on from there.
 */
export async function downloadUrl(
  file: DownloadableFile,
  options: UrlOptions & {
    readonly path: string;
    readonly sha512: string;
    readonly onProgress?: (progress: DownloadProgress) => void;
  },
): Promise<void> {
  const { url, size } = file;
  const { path, sha512, signal } = options;
  const folder = dirname(path);
  const name = basename(path);
  const connection = connect(url, options);
  const remote: RemoteFile = { repository: connection.endpoint, commit: "", name, size, url };
  const progress = createProgress(options.onProgress);
  const context = {
    folder,
    repository: connection.endpoint,
    commit: "",
    connection,
    connections: CONNECTIONS,
    chunkBytes: CHUNK_BYTES,
    symlinks: false,
    progress,
    traffic: { bytes: 0 },
    signal,
  };
  const find = async (): Promise<true | undefined> =>
    (await fileSize(path)) === size ? true : undefined;
  if ((await find()) === true) return;
  await requireSpace([{ key: name, size }], folder);
  progress.expect(size);
  await asOwner({ key: name, name, total: size }, context, {
    find,
    make: (owned) =>
      neutral(url, async () => {
        const target = {
          key: name,
          name,
          path,
          plan: planWholeFile(remote, { chunkBytes: CHUNK_BYTES }),
          hash: createHash("sha512"),
          check({ digest }: { readonly digest: string }): void {
            if (digest === sha512) return;
            const text = `${url}: expected the SHA-512 ${sha512}, found ${digest}: these are not the bytes that were published. They were removed`;
            throw new HubError("mismatch", text);
          },
        };
        await fetchTarget(target, { ...context, signal: owned });
        return true as const;
      }),
  });
}

function connect(url: string, options: UrlOptions): HubConnection {
  const { fetch, stallTimeout, retries, retryDelay } = options;
  const { origin } = new URL(url);
  return toConnection({
    endpoint: origin,
    fetch,
    ...(stallTimeout === undefined ? {} : { stallTimeout }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryDelay === undefined ? {} : { retryDelay }),
  });
}

/** Refusals in words that do not speak of the hub and its tokens. */
async function neutral<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isHubError(error) || error.status === undefined) throw error;
    if (error.code !== "unauthorized" && error.code !== "not-found") throw error;
    const { code, status } = error;
    throw new HubError(code, `${url}: the server answered ${status}`, { cause: error, status });
  }
}
