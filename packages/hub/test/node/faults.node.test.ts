import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { parseModelReference } from "../../src/index.ts";
import { downloadModel, type DownloadOptions, findCachedModel } from "../../src/node/index.ts";
import {
  type Fault,
  type HubServer,
  type LoggedRequest,
  type ServedModel,
  sha256,
  startHub,
} from "@internvit/test-kit";
import {
  CHAT,
  failureOf,
  fileOf,
  filesBelow,
  noise,
  settingsFor,
  temporaryFolder,
} from "../models.ts";

const SIZE = 1_000_003;
const MODEL = noise(SIZE);
const WEIGHTS = fileOf(MODEL, "model.safetensors");
const reference = parseModelReference(MODEL.repository)!;
const chat = parseModelReference(CHAT.repository)!;

let hub: HubServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await hub.close();
  folder.remove();
});

/** Serves the model, with faults in answers of its weights. */
async function serve(
  fault?: (request: LoggedRequest) => Fault | undefined,
  change: Partial<ServedModel> = {},
): Promise<void> {
  hub = await startHub([{ ...MODEL, ...change }, CHAT]);
  hub.blockBytes = 10_000;
  hub.fault = (request) => (request.server === "cdn" ? fault?.(request) : undefined);
}

const download = (options: Partial<DownloadOptions> = {}, model = reference) =>
  downloadModel(model, {
    settings: settingsFor(hub.endpoint, folder.path),
    parts: "everything",
    retryDelay: 1,
    chunkBytes: 100_000,
    ...options,
  });

/** Every file in the cache that has a final name; each must be what its name says. */
function expectNoBadFile(): void {
  for (const file of filesBelow(folder.path)) {
    const [, blob] = /\/blobs\/(.+)$/.exec(file) ?? [];
    if (blob?.length === 64) expect(sha256(readFileSync(join(folder.path, file)))).toBe(blob);
    expect(file).not.toMatch(/\.incomplete$/);
  }
}

async function expectRight(promise: ReturnType<typeof download>): Promise<void> {
  const { path } = await promise;
  expect(sha256(readFileSync(join(path, "model.safetensors")))).toBe(sha256(WEIGHTS));
  expectNoBadFile();
}

async function expectFailure(promise: Promise<unknown>, code: string) {
  const error = await failureOf(promise);
  expect(error.code, error.message).toBe(code);
  expectNoBadFile();
  expect(existsSync(join(folder.path, `hub/models--test--noise/blobs/${sha256(WEIGHTS)}`))).toBe(
    false,
  );
  const settings = settingsFor(hub.endpoint, folder.path);
  expect(await findCachedModel(reference, { settings, parts: "everything" })).toBeUndefined();
  return error;
}

const partial = () => filesBelow(folder.path).filter((file) => file.includes("/partial/"));

test("bytes with another hash are refused and removed, and the next try starts afresh", async () => {
  const wrong = WEIGHTS.slice();
  wrong[777_777]! ^= 1;
  await serve(() => ({ content: wrong }));
  const error = await expectFailure(download(), "mismatch");
  expect(error.message).toContain(sha256(WEIGHTS));
  expect(partial()).toEqual([]);
  hub.fault = undefined;
  await expectRight(download());
});

test("a server that sends zeros of the right length is found out", async () => {
  await serve(() => ({ content: new Uint8Array(SIZE), headers: { etag: '"same"' } }));
  await expectFailure(download(), "mismatch");
  expect(partial()).toEqual([]);
});

test("zeros from the middle on are found out", async () => {
  const half = WEIGHTS.slice().fill(0, SIZE / 2);
  await serve(() => ({ content: half }));
  const error = await expectFailure(download(), "mismatch");
  expect(error.message).toContain("SHA-256");
});

test("a matrix of zeros in an extract is refused, for which there is no hash", async () => {
  await serve(({ path, range }) =>
    path.includes("00002") && range !== "bytes=0-111799"
      ? { content: new Uint8Array(111_800), headers: { etag: '"x"' } }
      : undefined,
  );
  const error = await failureOf(download({ parts: "encoder" }, chat));
  expect(error.code).toBe("mismatch");
  expect(error.message).toContain("zeros");
  expect(error.message).toContain("vision_model.encoder.layers.1.attn.proj.weight");
  const settings = settingsFor(hub.endpoint, folder.path);
  expect(await findCachedModel(chat, { settings, parts: "encoder" })).toBeUndefined();
  expect(partial()).toEqual([]);
});

test("a file that changes in between is noticed by If-Range and begun again once", async () => {
  let requests = 0;
  const other = noise(SIZE, 7).files.get("model.safetensors")!;
  await serve(() => (++requests <= 2 ? { content: other } : undefined));
  await expectRight(download({ connections: 1 }));
  const conditional = hub.log.filter(({ ifRange }) => ifRange !== undefined);
  expect(conditional.length).toBeGreaterThan(5);
});

test("a file that changes again and again ends in an error", async () => {
  let requests = 0;
  await serve(() => ({ headers: { etag: `"version-${requests++}"` } }));
  const error = await expectFailure(download({ connections: 1 }), "changed");
  expect(error.message).toContain("changed");
  expect(partial()).toEqual([]);
});

test("a file that changed between two runs is begun again", async () => {
  const controller = new AbortController();
  const other = noise(SIZE, 7).files.get("model.safetensors")!;
  await serve(() => ({ content: other }));
  let sent = 0;
  hub.onBytes = (count) => (sent += count) > 500_000 && controller.abort(new Error("enough"));
  await expect(download({ signal: controller.signal })).rejects.toThrow("enough");
  expect(partial().length).toBeGreaterThan(0);
  hub.onBytes = undefined;
  hub.fault = undefined;
  await expectRight(download());
});

test("an extract never mixes two versions of a shard", async () => {
  let requests = 0;
  await serve(({ path }) =>
    path.includes("00001") && requests++ % 2 === 1 ? { headers: { etag: '"other"' } } : undefined,
  );
  const error = await failureOf(download({ parts: "encoder", chunkBytes: 20_000 }, chat));
  expect(error.code).toBe("changed");
});

test("a size other than the listed one is noticed at the first answer", async () => {
  for (const difference of [-1, 1]) {
    await serve(undefined, { listedSize: { "model.safetensors": SIZE + difference } });
    const error = await expectFailure(download(), "changed");
    expect(error.message).toContain(`expected the ${SIZE + difference} bytes`);
    await hub.close();
  }
});

test("416 says that the file is not the listed one", async () => {
  await serve(() => ({ status: 416 }));
  const error = await expectFailure(download(), "changed");
  expect(error.message).toContain("416");
});

test("404 and 401 of the CDN are errors with their reason, without a second try", async () => {
  await serve(() => ({ status: 404, headers: { "x-error-code": "EntryNotFound" } }));
  const missing = await expectFailure(download({ connections: 1 }), "not-found");
  expect(missing.message).toContain("model.safetensors: there is no such file");
  expect(hub.log.filter(({ server }) => server === "cdn")).toHaveLength(1);
  await hub.close();
  await serve(() => ({ status: 401 }));
  await expectFailure(download(), "unauthorized");
});

test("connections that break are taken up where they broke", async () => {
  let requests = 0;
  await serve(() => (requests++ % 3 < 2 ? { breakAfter: 30_000 } : undefined));
  await expectRight(download());
  const starts = hub.log.map(({ range }) => /^bytes=(\d+)-/.exec(range ?? "")?.[1]);
  expect(starts.some((start) => start !== undefined && Number(start) % 100_000 > 0)).toBe(true);
});

test("a connection that always breaks without a byte ends in an error, and what was done stays", async () => {
  let requests = 0;
  await serve(() => (requests++ < 4 ? undefined : { breakAfter: 0 }));
  await expectFailure(download(), "network");
  const requested = hub.log.length;
  hub.fault = undefined;
  await expectRight(download());
  expect(hub.log.length - requested).toBeLessThan(2 * 11);
});

test("a server that stops sending is given up after the timeout and asked again", async () => {
  let requests = 0;
  await serve(() => (requests++ === 1 ? { stallAfter: 20_000 } : undefined));
  await expectRight(download({ stallTimeout: 300 }));
  hub.fault = ({ server }) => (server === "cdn" ? { stallAfter: 0 } : undefined);
  const error = await failureOf(
    download({ parts: "encoder", retries: 1, stallTimeout: 300 }, chat),
  );
  expect(error.message).toContain("sent nothing for 0.3 s");
});

test("a wrong Content-Range, too many bytes and a cut answer never reach the file", async () => {
  await serve(() => ({ headers: { "content-range": `bytes 0-99999/${SIZE}` } }));
  const error = await expectFailure(download(), "malformed");
  expect(error.message).toContain("bytes 0-99999/");
  await hub.close();
  await serve(() => ({ headers: { "content-range": "bytes 0-99999/*" } }));
  await expectFailure(download({ connections: 1 }), "malformed");
  await hub.close();
  await serve(() => ({ extra: 10 }));
  await expectFailure(download(), "malformed");
  await hub.close();
  // Half of every answer: the rest is asked for again.
  await serve(() => ({ headers: { "content-length": "50000" } }));
  await expectRight(download());
});

test("a server without ranges sends the file as one stream, and after a break again", async () => {
  let requests = 0;
  await serve(({ range }) => {
    if (range !== undefined) return { ignoreRange: true };
    return requests++ < 2 ? { breakAfter: 350_000 } : undefined;
  });
  await expectRight(download());
  expect(requests).toBe(3);
});

test("a server without ranges cannot give an extract, and says so", async () => {
  await serve(({ range }) => (range === undefined ? undefined : { ignoreRange: true }));
  const error = await failureOf(download({ parts: "encoder" }, chat));
  expect(error.code).toBe("unsupported");
  expect(error.message).toContain("everything");
});

test("a redirect may be relative, and one that never ends is an error", async () => {
  await serve();
  const redirected = new Set<string>();
  hub.fault = ({ server, path }) => {
    if (server === "cdn" || !path.includes("config.json") || redirected.has(path)) return undefined;
    redirected.add(path);
    return { status: 307, headers: { location: path } };
  };
  await expectRight(download());
  expect(redirected.size).toBe(1);
  hub.fault = ({ path }) => ({ status: 302, headers: { location: path } });
  const error = await failureOf(
    download({ settings: settingsFor(hub.endpoint, join(folder.path, "x")) }),
  );
  expect(error.code).toBe("network");
});

test("a file that does not fit on the disk is refused before it is begun", async () => {
  await serve(undefined, { listedSize: { "model.safetensors": 2 ** 50 } });
  const error = await expectFailure(download(), "disk-full");
  expect(error.message).toContain("1125899.91 GB are needed");
  expect(error.message).toContain(folder.path);
});

test("damage in a partial file is found by the hash when the download goes on", async () => {
  const controller = new AbortController();
  await serve();
  let sent = 0;
  hub.onBytes = (count) => (sent += count) > 600_000 && controller.abort(new Error("enough"));
  await expect(download({ signal: controller.signal })).rejects.toThrow("enough");
  hub.onBytes = undefined;
  const [part] = partial().filter((file) => file.endsWith(".part"));
  const { openSync, writeSync, closeSync } = await import("node:fs");
  const handle = openSync(join(folder.path, part!), "r+");
  writeSync(handle, Buffer.from("damage"), 0, 6, 5);
  closeSync(handle);
  await expectFailure(download(), "mismatch");
  await expectRight(download());
});
