// The hub as a page sees it: its requests are answered by a hub on this machine, or as a broken network answers.

import { readFileSync } from "node:fs";

import { type EncoderConfig } from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import { fixturePath, type ServedModel, startHub } from "@internvit/test-kit";
import type { Page, Route } from "playwright";

/** The model that the tests choose; what is served under its name is smaller. */
export const MODEL = "InternViT-300M-448px-V2_5";
/** On the button: 304 million weights of two bytes, and then some. */
export const DOWNLOAD: RegExp = /^Download 6\d\d MB$/;

/** A folder with the same files, on a server that answers everything else with a page. */
export const FOLDER = "https://models.example/encoder";

const HUB = "https://huggingface.co/**";

/** The files of a tiny checkpoint. */
export const TINY_FILES: readonly string[] = [
  "config.json",
  "preprocessor_config.json",
  "model.safetensors",
].map((name) => fixturePath("tiny-layernorm", name));

/** That checkpoint under the model's name. */
export function tinyModel(): ServedModel {
  return served(
    TINY_FILES.map((path) => [path.replace(/^.*[/\\]/, ""), new Uint8Array(readFileSync(path))]),
  );
}

/** A checkpoint of 12 MB in bfloat16, which are some chunks of the store; large patches make it quick. */
export function mediumModel(): ServedModel {
  const config: EncoderConfig = {
    hiddenSize: 384,
    numHiddenLayers: 3,
    numAttentionHeads: 6,
    intermediateSize: 1536,
    imageSize: 448,
    patchSize: 28,
    numChannels: 3,
    qkvBias: true,
    qkNormalization: false,
    normType: "layer_norm",
    layerNormEps: 1e-6,
    hiddenAct: "gelu",
    dropPathRate: 0,
    initializerFactor: 1,
    initializerRange: 0.02,
  };
  const { files } = synthesizeCheckpoint(config, { seed: 3, dtype: "bfloat16" });
  return served(files.map(({ name, chunks }) => [name, Buffer.concat([...chunks])]));
}

function served(files: readonly (readonly [string, Uint8Array])[]): ServedModel {
  return { repository: `OpenGVLab/${MODEL}`, commit: "c".repeat(40), files: new Map(files) };
}

/** What a page asked for. */
export interface HubQuestion {
  readonly path: string;
  /** First byte of the range. */
  readonly start: number;
}

/** A hub that a page is led to. */
export interface RoutedHub {
  /** Bytes of weights that the page was sent. */
  readonly sent: number;
  /** Asked before every answer: "lost" breaks the connection, a promise is waited for. */
  before: ((request: HubQuestion) => "lost" | Promise<unknown> | undefined) | undefined;
  close(): Promise<void>;
}

/** Leads a page's requests to the hub, and those for `FOLDER`, to a hub on this machine. */
export async function routeHub(page: Page, model: ServedModel): Promise<RoutedHub> {
  const hub = await startHub([model]);
  let sent = 0;
  const routed: RoutedHub = {
    get sent() {
      return sent;
    },
    before: undefined,
    async close() {
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await hub.close();
    },
  };
  const relay = async (route: Route, path: string): Promise<void> => {
    const { range } = route.request().headers();
    const url = hub.endpoint + path;
    const answer = await fetch(url, range === undefined ? {} : { headers: { range } });
    const body = Buffer.from(await answer.arrayBuffer());
    const headers = { ...Object.fromEntries(answer.headers), ...READABLE };
    await route.fulfill({ status: answer.status, headers, body });
    if (path.endsWith(".safetensors")) sent += body.byteLength;
  };
  await page.route(HUB, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const range = route.request().headers()["range"] ?? "";
    const start = Number(/\d+/.exec(range)?.[0] ?? 0);
    const before = routed.before?.({ path: pathname, start });
    if (before === "lost") return route.abort("internetdisconnected");
    await before;
    await relay(route, pathname + search);
  });
  await page.route(`${new URL(FOLDER).origin}/**`, async (route) => {
    const url = route.request().url();
    const name = url.slice(FOLDER.length + 1);
    if (url.startsWith(`${FOLDER}/`) && model.files.has(name)) {
      return relay(route, `/${model.repository}/resolve/${model.commit}/${name}`);
    }
    const body = "<!doctype html><title>An application</title>";
    await route.fulfill({ contentType: "text/html", headers: READABLE, body });
  });
  return routed;
}

/** As servers say that other pages may read what they send. */
const READABLE = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};
