// A NuGet feed with one package, and the writing of such packages.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { deflateRawSync } from "node:zlib";

/** A running feed. */
export interface NugetServer {
  readonly index: string;
  /** Address of the package. */
  readonly packageUrl: string;
  /** Paths that were asked for, with their ranges. */
  readonly log: string[];
  /** What the catalog says. */
  hash: string;
  /** Set: the package's answers end after so many bytes. */
  breakAfter: number | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Serves `content` as `id`, version `version`. */
export async function startNuget(
  { id, version }: { readonly id: string; readonly version: string },
  content: Uint8Array,
): Promise<NugetServer> {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const { range } = request.headers;
    state.log.push(range === undefined ? path : `${path} ${range}`);
    const base = state.index.replace("/v3/index.json", "");
    const documents: Record<string, unknown> = {
      "/v3/index.json": {
        version: "3.0.0",
        resources: [
          { "@id": `${base}/flat/`, "@type": "PackageBaseAddress/3.0.0" },
          { "@id": `${base}/gz/`, "@type": "RegistrationsBaseUrl/3.6.0" },
          { "@id": `${base}/plain/`, "@type": "RegistrationsBaseUrl" },
        ],
      },
      [`/plain/${id}/${version}.json`]: { catalogEntry: `${base}/catalog/entry.json` },
      "/catalog/entry.json": {
        id,
        version,
        packageHash: state.hash,
        packageHashAlgorithm: "SHA512",
        packageSize: content.byteLength,
      },
    };
    if (path === new URL(state.packageUrl).pathname) {
      const [, first = "0", last = `${content.byteLength - 1}`] =
        /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
      const [start, end] = [Number(first), Math.min(Number(last) + 1, content.byteLength)];
      response.writeHead(range === undefined ? 200 : 206, {
        "content-length": end - start,
        ...(range === undefined
          ? {}
          : { "content-range": `bytes ${start}-${end - 1}/${content.byteLength}` }),
      });
      const part = content.subarray(start, end);
      if (state.breakAfter === undefined || part.byteLength <= 1) response.end(part);
      else response.write(part.subarray(0, state.breakAfter), () => response.destroy());
      return;
    }
    const document = documents[path];
    response.writeHead(document === undefined ? 404 : 200);
    response.end(document === undefined ? "" : JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state: NugetServer = {
    index: `http://127.0.0.1:${port}/v3/index.json`,
    packageUrl: `http://127.0.0.1:${port}/flat/${id}/${version}/${id}.${version}.nupkg`,
    log: [],
    hash: createHash("sha512").update(content).digest("base64"),
    breakAfter: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

/** A ZIP archive of these files; checksums are left 0. */
export function writeZip(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content);
    const header = Buffer.alloc(30 + name.length);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(8, 8);
    header.writeUInt16LE(name.length, 26);
    header.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.write(name, 46);
    parts.push(header, packed);
    directory.push(entry);
    at += header.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
