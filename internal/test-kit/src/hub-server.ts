// A small Hugging Face hub: the model API and `resolve` on one port, and on another the "CDN" that large files
// redirect to. It speaks ranges, ETags and If-Range, keeps a log of what it was asked, and misbehaves when told to.
// It imports nothing but Node, so that it can also be compiled and run alone (serve-hub.ts).

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository that is served. */
export interface ServedModel {
  readonly repository: string;
  readonly commit: string;
  /** Branches and tags; default `main`. */
  readonly revisions?: readonly string[];
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What the listing says instead of a file's real SHA-256. */
  readonly listedSha256?: Readonly<Record<string, string>>;
  /** What the listing says instead of a file's real size. */
  readonly listedSize?: Readonly<Record<string, number>>;
  /** Needs a token that ends in `good`. */
  readonly gated?: boolean;
}

/** A request that was made. */
export interface LoggedRequest {
  readonly server: "hub" | "cdn";
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
}

/** How an answer goes wrong. */
export interface Fault {
  /** Answers with this status and no body. */
  readonly status?: number;
  /** Added to the answer, or instead of what it would have. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers 200 with the whole file to a range request. */
  readonly ignoreRange?: boolean;
  /** Serves these bytes instead of the file's. */
  readonly content?: Uint8Array;
  /** Breaks the connection after so many bytes of the body. */
  readonly breakAfter?: number;
  /** Sends nothing more after so many bytes of the body. */
  readonly stallAfter?: number;
  /** Sends so many bytes too many. */
  readonly extra?: number;
}

/** A running hub. */
export interface HubServer {
  readonly endpoint: string;
  readonly cdn: string;
  readonly log: LoggedRequest[];
  /** Asked before every answer; what it returns goes wrong. */
  fault: ((request: LoggedRequest) => Fault | undefined) | undefined;
  /** Told of file contents as they are sent, with what was asked for. */
  onBytes: ((count: number, path: string) => void) | undefined;
  /** Bytes that are written between two pauses for other work; smaller is slower. */
  blockBytes: number;
  close(): Promise<void>;
}

/** Starts both servers on free ports of this machine. */
export async function startHub(models: readonly ServedModel[]): Promise<HubServer> {
  const hub = createServer((request, response) => void answer("hub", request, response));
  const cdn = createServer((request, response) => void answer("cdn", request, response));
  const [hubAddress, cdnAddress] = [await listen(hub), await listen(cdn)];
  const state: HubServer = {
    endpoint: hubAddress,
    cdn: cdnAddress,
    log: [],
    fault: undefined,
    onBytes: undefined,
    blockBytes: 2 ** 16,
    close: async () => {
      await Promise.all([shut(hub), shut(cdn)]);
    },
  };

  async function answer(
    server: "hub" | "cdn",
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { range, authorization } = request.headers;
    const ifRange = request.headers["if-range"]?.toString();
    const logged = { server, path: request.url ?? "", range, ifRange, authorization };
    state.log.push(logged);
    const fault = state.fault?.(logged) ?? {};
    response.on("error", () => undefined);
    if (fault.status !== undefined) {
      response.writeHead(fault.status, { "content-length": 0, ...fault.headers }).end();
      return;
    }
    const [path = ""] = decodeURIComponent(logged.path).split("?");
    const model = models.find(({ repository }) => path.includes(`/${repository}/`));
    if (model === undefined) {
      fail(response, 404, "RepoNotFound");
      return;
    }
    if (server === "hub" && model.gated === true && authorization?.endsWith("good") !== true) {
      fail(response, authorization === undefined ? 401 : 403, "GatedRepo");
      return;
    }
    const { repository } = model;
    if (server === "hub" && path.startsWith(`/api/models/${repository}/revision/`)) {
      const revision = path.slice(`/api/models/${repository}/revision/`.length);
      const known = [model.commit, ...(model.revisions ?? ["main"])].includes(revision);
      if (known) sendListing(response, model);
      else fail(response, 404, "RevisionNotFound");
      return;
    }
    const [, name = ""] = /\/resolve\/(?:main|[0-9a-f]{40})\/(.+)$/.exec(path) ?? [];
    const content = model.files.get(name);
    if (content === undefined) {
      fail(response, 404, "EntryNotFound");
      return;
    }
    if (server === "hub" && isLarge(name)) {
      response
        .writeHead(302, {
          location: `${cdnAddress}${logged.path}?signature=secret`,
          "x-repo-commit": model.commit,
          "x-linked-etag": `"${sha256(content)}"`,
          "x-linked-size": content.byteLength,
          "content-length": 0,
        })
        .end();
      return;
    }
    response.setHeader("x-repo-commit", model.commit);
    await sendFile(response, { content, logged, fault });
  }

  async function sendFile(
    response: ServerResponse,
    options: {
      readonly content: Uint8Array;
      readonly logged: LoggedRequest;
      readonly fault: Fault;
    },
  ): Promise<void> {
    const { logged, fault } = options;
    const content = fault.content ?? options.content;
    // The CDN has ETags of its own.
    const own = logged.server === "hub" ? gitSha1(content) : sha256(content).slice(0, 32);
    const etag = fault.headers?.["etag"] ?? `"${own}"`;
    const size = content.byteLength;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(logged.range ?? "") ?? [];
    const matches = logged.ifRange === undefined || logged.ifRange === etag;
    let [start, end] = [0, size];
    let head: Record<string, string | number> = { "content-length": size };
    const isPart = first !== undefined && matches && fault.ignoreRange !== true;
    if (isPart) {
      start = Number(first);
      end = Math.min(Number(last) + 1, size);
      if (start >= size) {
        response.writeHead(416, { "content-range": `bytes */${size}` }).end();
        return;
      }
      head = {
        "content-range": `bytes ${start}-${end - 1}/${size}`,
        "content-length": end - start + (fault.extra ?? 0),
      };
    }
    response.writeHead(isPart ? 206 : 200, { etag, ...head, ...fault.headers });
    const limit = Math.min(fault.breakAfter ?? Infinity, fault.stallAfter ?? Infinity);
    let sent = 0;
    while (start + sent < end && sent < limit && !response.destroyed) {
      const stop = Math.min(start + sent + state.blockBytes, end, start + limit);
      const block = content.subarray(start + sent, stop);
      if (!response.write(block)) {
        await drained(response);
      }
      sent += block.byteLength;
      state.onBytes?.(block.byteLength, logged.path);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (fault.breakAfter !== undefined) response.destroy();
    else if (fault.stallAfter === undefined) response.end(new Uint8Array(fault.extra ?? 0));
  }

  return state;
}

/** The SHA-256 of bytes in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The name that git gives to bytes. */
export function gitSha1(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}

function isLarge(name: string): boolean {
  return name.endsWith(".safetensors");
}

function sendListing(response: ServerResponse, model: ServedModel): void {
  const siblings = Array.from(model.files, ([rfilename, content]) => {
    const size = model.listedSize?.[rfilename] ?? content.byteLength;
    const listed = model.listedSha256?.[rfilename] ?? sha256(content);
    return {
      rfilename,
      size,
      blobId: gitSha1(content),
      ...(isLarge(rfilename) ? { lfs: { sha256: listed, size, pointerSize: 134 } } : {}),
    };
  });
  const body = JSON.stringify({ id: model.repository, sha: model.commit, siblings });
  response.writeHead(200, { "content-type": "application/json" }).end(body);
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "x-error-code": code, "content-length": 0 }).end();
}

/** Resolves when more can be written, or nothing any more. */
async function drained(response: ServerResponse): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const waits = ["drain", "close"].map((event) =>
    once(response, event, { signal }).catch(() => undefined),
  );
  await Promise.race(waits);
  controller.abort();
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
