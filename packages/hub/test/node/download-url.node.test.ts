import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Fault, type HubServer, type LoggedRequest, startHub } from "@internvit/test-kit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { createHubFetch, downloadUrl, findDownload } from "../../src/node/index.ts";
import { failureOf, fileOf, noise, temporaryFolder } from "../models.ts";

// Two chunks, so that a resumed download has something to keep.
const MODEL = noise(20 * 2 ** 20);
const CONTENT = fileOf(MODEL, "model.safetensors");
const SHA512 = createHash("sha512").update(CONTENT).digest("hex");
const network = createHubFetch({ proxy: { http: "", https: "", none: "" } });

let hub: HubServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  hub = await startHub([MODEL]);
  folder = temporaryFolder();
});
afterEach(async () => {
  await hub.close();
  folder.remove();
});

const target = (): string => join(folder.path, "file.bin");

/** The hub is any server here; a large file's address redirects to the CDN's. */
async function download(
  fault?: (request: LoggedRequest) => Fault | undefined,
  options: { readonly sha512?: string; readonly signal?: AbortSignal; readonly path?: string } = {},
): Promise<void> {
  const url = `${hub.endpoint}/${MODEL.repository}/resolve/main/model.safetensors`;
  hub.fault = undefined;
  const common = { fetch: network.fetch, retryDelay: 1, retries: 1, ...options };
  const found = await findDownload(url, common);
  expect(found.size).toBe(CONTENT.byteLength);
  hub.fault = fault;
  await downloadUrl(found, { sha512: SHA512, path: target(), ...common });
}

test("follows redirects, checks the hash, and does not ask again", async () => {
  await download();
  expect(readFileSync(target()).equals(CONTENT)).toBe(true);
  const asked = hub.log.length;
  await downloadUrl(
    { url: `${hub.endpoint}/gone`, size: CONTENT.byteLength },
    { fetch: network.fetch, sha512: SHA512, path: target() },
  );
  expect(hub.log.length).toBe(asked);
});

test("goes on in the middle after it was aborted", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  // The second chunk hangs; the first is done by then.
  const waiting = setInterval(() => {
    if (existsJournalLine()) controller.abort(reason);
  }, 5);
  await expect(download(stallSecondChunk, { signal: controller.signal })).rejects.toBe(reason);
  clearInterval(waiting);
  expect(existsSync(target())).toBe(false);
  hub.log.length = 0;
  await download();
  expect(readFileSync(target()).equals(CONTENT)).toBe(true);
  const ranges = hub.log.filter(({ server }) => server === "cdn").map(({ range }) => range);
  expect(ranges).toEqual(["bytes=0-0", "bytes=16777216-20971519"]);
});

function stallSecondChunk({ range }: LoggedRequest): Fault | undefined {
  return range?.startsWith("bytes=16777216") === true ? { stallAfter: 1000 } : undefined;
}

function existsJournalLine(): boolean {
  const journal = join(folder.path, ".internvit", "partial", "file.bin.journal");
  return existsSync(journal) && readFileSync(journal, "utf8").includes("done 0");
}

test("bytes with another hash never get the name, and are removed", async () => {
  const error = await failureOf(download(undefined, { sha512: "0".repeat(128) }));
  expect(error.code).toBe("mismatch");
  expect(error.message).toMatch(/expected the SHA-512 0+, found [0-9a-f]{128}.* removed/);
  expect(existsSync(target())).toBe(false);
});

test("a connection that breaks is taken up where it broke", async () => {
  let breaks = 3;
  await download(({ server }) =>
    server === "cdn" && breaks-- > 0 ? { breakAfter: 2 ** 20 } : undefined,
  );
  expect(readFileSync(target()).equals(CONTENT)).toBe(true);
});

test("an answer that stays short, or fails again and again, is an error", async () => {
  const short = await failureOf(
    download(({ server }) => (server === "cdn" ? { breakAfter: 0 } : undefined)),
  );
  expect(short.code).toBe("network");
  const failing = await failureOf(download(() => ({ status: 503 })));
  expect(failing).toMatchObject({ code: "network", status: 503 });
});

test.each([
  [404, "not-found"],
  [403, "unauthorized"],
])("an answer %i says the address and the status", async (status, code) => {
  hub.fault = () => ({ status });
  const url = `${hub.endpoint}/file.bin`;
  const error = await failureOf(findDownload(url, { fetch: network.fetch }));
  expect(error).toMatchObject({ code, status, message: `${url}: the server answered ${status}` });
});

test("a place that cannot be written is an error of its own", async () => {
  const path = join(folder.path, "file.bin");
  mkdirSync(path);
  const error = await failureOf(download(undefined, { path }));
  expect(error.code).toBe("io");
});

test("what does not fit on the disk is not begun", async () => {
  const error = await failureOf(
    downloadUrl(
      { url: `${hub.endpoint}/file.bin`, size: 2 ** 52 },
      { fetch: network.fetch, sha512: SHA512, path: target() },
    ),
  );
  expect(error.code).toBe("disk-full");
  expect(hub.log).toEqual([]);
});
