// A plain server of static files, as a host of such pages is: the built page in a folder below the root, with the
// headers that its `_headers` file asks for, or without them.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const FOLDER = "/pages/encoder/";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** A served page. */
export interface Site {
  readonly url: string;
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves the built page on a free port. */
export async function serveSite(options: { readonly withHeaders: boolean }): Promise<Site> {
  const rules = options.withHeaders ? await statedRules() : [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname.startsWith(FOLDER) ? pathname.slice(FOLDER.length) : "missing";
    const file = path === "" ? "index.html" : path;
    const headers = Object.assign(
      {},
      ...rules.filter(({ prefix }) => file.startsWith(prefix)).map(({ headers }) => headers),
    ) as Record<string, string>;
    readFile(join(DIST, file)).then(
      (bytes) => {
        const type = TYPES[extname(file)] ?? "application/octet-stream";
        response.writeHead(200, { ...headers, "content-type": type }).end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url: origin + FOLDER,
    origin,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface HeaderRule {
  /** Paths that it is for begin like this. */
  readonly prefix: string;
  readonly headers: Record<string, string>;
}

/** The rules of `_headers`: a path that ends with `*`, and below it the headers, indented. */
async function statedRules(): Promise<readonly HeaderRule[]> {
  const rules: HeaderRule[] = [];
  for (const line of (await readFile(join(DIST, "_headers"), "utf8")).split("\n")) {
    const [, name = "", value = ""] = /^ +([^:]+): (.+)$/.exec(line) ?? [];
    if (name !== "") rules.at(-1)!.headers[name] = value;
    else if (line !== "") rules.push({ prefix: line.replace(/^\/|\*$/g, ""), headers: {} });
  }
  return rules;
}
