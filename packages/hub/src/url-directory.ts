// A folder of any HTTP server as a directory of a checkpoint: `<url>/config.json`, `<url>/model.safetensors`, … read by
// byte ranges.

import type { CheckpointDirectory } from "@internvit/model-core";

import { type HubConnection, type HubOptions, toConnection } from "./connection.ts";
import { isHubError } from "./errors.ts";
import type { RemoteFile } from "./http-range.ts";
import { openResponse } from "./open-response.ts";
import { rangeSource } from "./range-source.ts";
import { withRetries } from "./retry.ts";
import { noRangesError } from "./status-error.ts";

/**
 * A folder at an absolute http(s) address. Nothing is requested until a file is opened; a file that the server answers
 * 404, 410 or a page (HTML) for is one that is not there.
 *
 * @throws HubError `invalid-argument` for an address that is none. `open` and reads reject with `network`, `changed`,
 *   `unsupported` when the server sends no byte ranges, or `not-found` when there is a page instead of config.json.
 */
export function urlDirectory(
  url: string,
  options: Omit<HubOptions, "endpoint"> = {},
): CheckpointDirectory {
  const folder = url.replace(/\/+$/, "");
  const connection = toConnection({ ...options, endpoint: folder });
  const { signal } = options;
  return {
    label: folder,
    address: folder,
    async open(name) {
      const file = `${folder}/${name.split("/").map(encodeURIComponent).join("/")}`;
      const found = await findFile(file, { connection, signal });
      if (found === undefined) return undefined;
      const remote = { repository: folder, commit: "", name, url: file, ...found };
      return rangeSource(remote, { connection, signal });
    },
  };
}

/** Length and version of a file, or undefined when there is none. */
async function findFile(
  url: string,
  options: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): Promise<Pick<RemoteFile, "size" | "etag" | "version"> | undefined> {
  try {
    return await withRetries(async () => {
      const answer = await openResponse(url, {
        ...options,
        // Two bytes: a server that is common in development takes 0-0 for no range at all.
        headers: { range: "bytes=0-1", "accept-encoding": "identity" },
        subject: url,
        repository: "",
        accept: [200, 206],
      });
      answer.close();
      const total = /^bytes 0-\d+\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
      if (answer.status === 206 && total !== undefined) {
        const etag = answer.headers.get("etag") ?? undefined;
        // A page reads the second of every server, an ETag only where the server allows it.
        const said = etag ?? answer.headers.get("last-modified");
        const version = said === null ? undefined : `${url} ${said}`;
        return { size: Number(total), etag, version };
      }
      throw noRangesError(answer, url);
    }, options);
  } catch (error) {
    const { code, status } = isHubError(error) ? error : {};
    if (status === 404 || status === 410) return undefined;
    // Without a config.json there is no checkpoint, and a page is no reason that a reader would guess.
    if (code === "not-found" && !url.endsWith("/config.json")) return undefined;
    throw error;
  }
}
