// `node serve.mjs <folder>`: serves files on this machine, with byte ranges, which checkpoints are read by, dates, without
// which their weights would not be kept in the browser, and cross-origin isolation, without which WebAssembly has one
// thread.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Serves a folder on a free port; `isolated: false` leaves the isolation out. */
export async function serve(folder, { isolated = true, port = 0 } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = normalize(decodeURIComponent(pathname)).replace(/\/$/, "/index.html");
    const file = join(folder, path);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return response.writeHead(404).end();
    const { size, mtime } = found;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range === null ? 0 : Number(range[1]);
    const end = Math.min(size - 1, range?.[2] ? Number(range[2]) : size - 1);
    response.writeHead(range === null ? 200 : 206, {
      "Accept-Ranges": "bytes",
      "Last-Modified": mtime.toUTCString(),
      "Content-Length": end - start + 1,
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      ...(range === null ? {} : { "Content-Range": `bytes ${start}-${end}/${size}` }),
      ...(isolated ? ISOLATION : {}),
    });
    if (request.method === "HEAD" || end < start) return response.end();
    return createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise((listening) => {
    server.listen(port, "127.0.0.1", listening);
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { url } = await serve(resolve(process.argv[2] ?? "."), { port: 8080 });
  console.log(url);
}
