// @ts-check
// A Vite plugin: a server of files inside of the server of the tests, which misbehaves as a page tells it to and counts
// what it sends. `PUT /faults/<name>/<file>` gives it a file, `POST /faults/<name>` a fault, `GET /faults/<name>` tells
// what was sent, and `GET /faults/<name>/<file>` is answered with byte ranges and an ETag.

import { createHash } from "node:crypto";

/**
 * @typedef {{
 *   files: Map<string, { body: Buffer, etag: string }>,
 *   fault: { offline?: boolean, breakAfter?: number, anonymous?: boolean },
 *   sent: number,
 *   requests: number,
 * }} Site
 */

const PREFIX = "/faults/";

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 * @typedef {(request: Request, response: Response, next: () => void) => void} Middleware
 */

/** The plugin. */
export function faultServer() {
  /** @type {Map<string, Site>} */
  const sites = new Map();
  return {
    name: "fault-server",
    /** @param {{ middlewares: { use(middleware: Middleware): unknown } }} server */
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        if (!pathname.startsWith(PREFIX)) return next();
        const [name = "", file] = pathname.slice(PREFIX.length).split("/");
        const site = sites.get(name) ?? { files: new Map(), fault: {}, sent: 0, requests: 0 };
        sites.set(name, site);
        if (request.method === "GET") {
          if (file === undefined) response.end(JSON.stringify(site, ["sent", "requests"]));
          else sendFile(site, file, { request, response });
          return;
        }
        /** @type {Buffer[]} */
        const parts = [];
        request.on("data", (part) => parts.push(part));
        request.on("end", () => {
          const body = Buffer.concat(parts);
          if (file === undefined) {
            Object.assign(site, { fault: JSON.parse(body.toString()), sent: 0, requests: 0 });
          } else {
            const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
            site.files.set(file, { body, etag });
          }
          response.end();
        });
      });
    },
  };
}

/**
 * @param {Site} site
 * @param {string} name
 * @param {{ request: Request, response: Response }} exchange
 */
function sendFile(site, name, { request, response }) {
  const { fault } = site;
  if (fault.offline === true) return response.destroy();
  site.requests++;
  const file = site.files.get(name);
  if (file === undefined) return response.writeHead(404).end();
  const { body, etag } = file;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(last === undefined ? body.length : Number(last) + 1, body.length);
  response.writeHead(first === undefined ? 200 : 206, {
    "content-length": end - start,
    "content-range": `bytes ${start}-${end - 1}/${body.length}`,
    "cache-control": "no-store",
    ...(fault.anonymous === true ? {} : { etag }),
  });
  const left = (fault.breakAfter ?? Infinity) - site.sent;
  const part = body.subarray(start, Math.max(start, Math.min(end, start + left)));
  site.sent += part.length;
  if (part.length === end - start) response.end(part);
  else response.write(part, () => response.destroy());
}
