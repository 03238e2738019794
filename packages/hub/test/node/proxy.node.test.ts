import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";

import { getRevision, parseModelReference } from "../../src/index.ts";
import { createHubFetch, downloadModel } from "../../src/node/index.ts";
import { type HubServer, startHub } from "@internvit/test-kit";
import { ENCODER, failureOf, QUICK, settingsFor, temporaryFolder } from "../models.ts";

const encoder = parseModelReference("OpenGVLab/tiny-layernorm")!;

let hub: HubServer;
let folder: ReturnType<typeof temporaryFolder>;
let proxy: Awaited<ReturnType<typeof startProxy>>;
beforeEach(async () => {
  hub = await startHub([ENCODER]);
  folder = temporaryFolder();
  proxy = await startProxy();
});
afterEach(async () => {
  await Promise.all([hub.close(), proxy.close()]);
  folder.remove();
});

/** A proxy that tunnels, and counts to where. */
async function startProxy() {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(501).end());
  server.on("connect", (request, socket: Socket) => {
    tunnels.push(request.url ?? "");
    const [host, port] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) {
      sockets.add(end);
      end.on("error", () => undefined);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("everything goes through the proxy, to the hub and to the CDN", async () => {
  const env = { HTTP_PROXY: proxy.address };
  const settings = settingsFor(hub.endpoint, folder.path, env);
  await downloadModel(encoder, { settings, ...QUICK });
  expect(new Set(proxy.tunnels)).toEqual(new Set([hub.endpoint.slice(7), hub.cdn.slice(7)]));
});

test("hosts of NO_PROXY are reached directly, and no proxy of this process's environment counts", async () => {
  const env = { HTTP_PROXY: proxy.address, NO_PROXY: "127.0.0.1" };
  await downloadModel(encoder, { settings: settingsFor(hub.endpoint, folder.path, env), ...QUICK });
  expect(proxy.tunnels).toEqual([]);
  process.env["HTTP_PROXY"] = proxy.address;
  try {
    await using http = createHubFetch(settingsFor(hub.endpoint, folder.path));
    await getRevision(encoder, { endpoint: hub.endpoint, fetch: http.fetch });
  } finally {
    delete process.env["HTTP_PROXY"];
  }
  expect(proxy.tunnels).toEqual([]);
});

test("a proxy that is not there is reported with what to do", async () => {
  const settings = settingsFor(hub.endpoint, folder.path, { HTTP_PROXY: "http://127.0.0.1:9" });
  const error = await failureOf(downloadModel(encoder, { settings, retryDelay: 1 }));
  expect(error.code).toBe("network");
  expect(error.message).toContain("HTTPS_PROXY");
  expect(hub.log).toHaveLength(0);
});
