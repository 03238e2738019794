// @ts-check
// Serves one side's page of the browser benchmark: bundled as an application is, cross-origin isolated, with addresses
// that browsers keep. ONNX Runtime's own files are not bundled: it starts its threads from its script.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
});
const ORT = "onnxruntime-web/webgpu";
const ORT_FILE = "ort.webgpu.bundle.min.mjs";
const here = fileURLToPath(new URL("browser/", import.meta.url));

/** @param {Record<string, string>} input @param {Record<string, string>} alias files of packages that are not installed here */
async function bundle(input, alias = {}) {
  const build = await rolldown({
    input,
    platform: "browser",
    external: [ORT],
    resolve: { alias },
    onLog(level, { message }) {
      if (level === "warn") console.warn(message);
    },
  });
  const { output } = await build.generate({
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    paths: { [ORT]: `/ort/${ORT_FILE}` },
  });
  await build.close();
  return new Map(
    output.flatMap((part) => (part.type === "chunk" ? [[`/${part.fileName}`, part.code]] : [])),
  );
}

/** @param {string} directory a folder whose node_modules has onnxruntime-web */
function ortFolder(directory) {
  const entry = createRequire(join(directory, "package.json")).resolve("onnxruntime-web");
  return dirname(entry);
}

/**
 * @param {{ folders: Record<string, string>, modules: Map<string, string> }} parts folders by the path that they are
 * served under, and scripts
 */
async function serve({ folders, modules }) {
  const page =
    '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (pathname === "/") {
      response.setHeader("Content-Type", "text/html");
      return response.end(page);
    }
    response.setHeader("Content-Type", TYPES[extname(pathname)] ?? "application/octet-stream");
    response.setHeader("Cache-Control", "public, max-age=31536000, immutable");
    const script = modules.get(pathname);
    if (script !== undefined) {
      return response.end(script);
    }
    const prefix = Object.keys(folders).find((path) => pathname.startsWith(path));
    const path =
      prefix === undefined
        ? undefined
        : join(folders[prefix] ?? "", normalize(pathname.slice(prefix.length)));
    if (path === undefined || !existsSync(path)) {
      response.statusCode = 404;
      return response.end();
    }
    const { size, mtime } = statSync(path);
    // What a checkpoint is read by, and known by when it is opened again.
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const begin = Number(range?.[1] ?? 0);
    const last = Math.min(size - 1, range?.[2] ? Number(range[2]) : size - 1);
    response.writeHead(range === null ? 200 : 206, {
      "Accept-Ranges": "bytes",
      "Content-Length": last - begin + 1,
      "Last-Modified": mtime.toUTCString(),
      ...(range === null ? {} : { "Content-Range": `bytes ${begin}-${last}/${size}` }),
    });
    if (request.method === "HEAD") return response.end();
    return createReadStream(path, { start: begin, end: last }).pipe(response);
  });
  await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {{ checkpoint: string, pictures: string }} folders */
export async function serveOurs({ checkpoint, pictures }) {
  const runtime = dirname(dirname(fileURLToPath(import.meta.resolve("@internvit/runtime-web"))));
  // Two bundles, as bundlers make them: a worker shares no chunk with its page.
  const modules = new Map([
    ...(await bundle({ page: join(here, "ours.mjs") })),
    ...(await bundle({ "worker/session-worker": join(runtime, "dist/worker/session-worker.js") })),
  ]);
  const folders = {
    "/ort/": ortFolder(runtime),
    "/checkpoint/": checkpoint,
    "/pictures/": pictures,
  };
  return serve({ folders, modules });
}

/** @param {{ peers: string, model: string, pictures: string }} folders */
export async function servePeer({ peers, model, pictures }) {
  const script = join(peers, "node_modules/@huggingface/transformers/dist/transformers.web.js");
  const modules = await bundle(
    { page: join(here, "peer.mjs") },
    { "@huggingface/transformers": script },
  );
  const folders = {
    "/ort/": ortFolder(join(peers, "node_modules/@huggingface/transformers")),
    "/models/vit/": model,
    "/pictures/": pictures,
  };
  return serve({ folders, modules });
}
