// The page's side of its worker: each task is a promise. The worker is started with the first.

import { RuntimeError } from "@internvit/model-core";
import { createRequests } from "@internvit/model-core/session";
import type { FeaturePalette, PatchFeatures } from "@internvit/model-core/features";
import type { ImageProcessorConfig } from "@internvit/preprocess";

import { onWorkerLost } from "./worker-lost.ts";
import type { PageReply, PageRequest, PictureSource, PreparedPicture } from "../worker/protocol.ts";

type Question = PageRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, "id">
    : never
  : never;

interface StartedWorker {
  readonly worker: Worker;
  readonly requests: ReturnType<typeof createRequests<PageReply>>;
}

let started: StartedWorker | undefined;

function start(): StartedWorker {
  const worker = new Worker(new URL("../worker/page-worker.ts", import.meta.url), {
    type: "module",
    name: "internvit-page",
  });
  const requests = createRequests<PageReply>();
  worker.addEventListener("message", ({ data }: MessageEvent<PageReply>) => requests.settle(data));
  onWorkerLost(worker, {
    name: "the page's worker",
    hear(error) {
      requests.lose(error);
      worker.terminate();
      // The next task starts another one.
      started = undefined;
    },
  });
  return { worker, requests };
}

async function ask<Kind extends PageReply["kind"]>(
  kind: Kind,
  { question, signal }: { readonly question: Question; readonly signal?: AbortSignal | undefined },
): Promise<Extract<PageReply, { readonly kind: Kind }>> {
  started ??= start();
  const { worker, requests } = started;
  const id = requests.nextId();
  const waiting = requests.wait(id, signal);
  worker.postMessage({ ...question, id });
  const reply: PageReply = await waiting;
  if (reply.kind === kind) return reply as Extract<PageReply, { readonly kind: Kind }>;
  throw new RuntimeError("worker-lost", `expected ${kind}, got ${reply.kind}`);
}

/** The files of the random model. */
export async function synthesizeModel(signal: AbortSignal): Promise<ReadonlyMap<string, Blob>> {
  const { files } = await ask("synthesized", { question: { kind: "synthesize" }, signal });
  return files;
}

/** Decodes and crops a picture. Rejects with what is wrong with it. */
export async function preparePicture(
  source: PictureSource,
  options: { readonly name: string; readonly config: ImageProcessorConfig },
): Promise<PreparedPicture> {
  const { picture } = await ask("prepared", { question: { kind: "prepare", source, ...options } });
  return picture;
}

/** The palette of all patches of some pictures. */
export async function fitPalette(pictures: readonly PatchFeatures[]): Promise<FeaturePalette> {
  // A view of a tensor would be sent with the whole tensor.
  const copies = pictures.map(({ data, ...grid }) => ({ ...grid, data: data.slice() }));
  const { palette } = await ask("fitted", { question: { kind: "fit", pictures: copies } });
  return palette;
}
