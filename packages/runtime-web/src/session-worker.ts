// The page's side of a session's worker: sends requests, settles promises, answers the worker's questions.

import type { ByteSource, HolderLoadOptions } from "@internvit/model-core";
import {
  buffersOf,
  copyFeeds,
  createRequests,
  type Feeds,
  type HeldNumber,
  type HolderThread,
  type SessionDescription,
  type ThreadRunOptions,
} from "@internvit/model-core/session";

import { RuntimeError } from "./errors.ts";
import { sharedStart } from "./shared-start.ts";
import { adapterKey } from "./worker/adapter-facts.ts";
import type { KeepOrder, WeightProgress } from "./worker/keep-order.ts";
import type {
  ProgressNotice,
  ReadQuestion,
  SourceFile,
  StartedProvider,
  StartSettings,
  WeightBlobs,
  WeightRecipe,
  WebRunResult,
  WorkerReply,
  WorkerRequest,
} from "./worker/protocol.ts";

/** A worker that is started. */
export interface SessionWorker extends Pick<HolderThread, "hold" | "read" | "release"> {
  readonly provider: StartedProvider;
  /** Makes weight files in the worker; bytes that are no Blobs are read here, from `sources`. */
  derive(recipe: WeightRecipe, options: DeriveOptions): Promise<DerivedWeightFiles>;
  /** Makes a session; the first one has the number 1. The graph's bytes stay the caller's. */
  load(graph: Uint8Array<ArrayBuffer>, options: LoadOptions): Promise<WorkerSession>;
  /** Runs a session, or tells that the device was lost and gives the feeds back. */
  run(feeds: Feeds<HeldNumber>, options: WorkerRunOptions): Promise<WebRunResult | LostRun>;
  unload(session: number): Promise<void>;
  /** Destroys the GPU device, as a reset of the driver would. */
  loseDevice(): Promise<void>;
  /** Ends the worker at once, which frees all that it had. Requests that wait reject with `disposed`. */
  terminate(): void;
}

/** A session of such a worker. */
export interface WorkerSession {
  readonly session: number;
  readonly description: SessionDescription;
}

/** Options of `SessionWorker.load`. */
export interface LoadOptions extends Pick<HolderLoadOptions, "keep"> {
  readonly files: WeightBlobs;
  readonly memoryPattern?: boolean | undefined;
  /** Whether the first run tells where its nodes ran. */
  readonly recordPlacement: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `SessionWorker.derive`. */
export interface DeriveOptions {
  readonly sources: ReadonlyMap<string, ByteSource>;
  readonly files: Readonly<Record<string, SourceFile>>;
  /** Undefined: nothing is kept between visits. */
  readonly keep: KeepOrder | undefined;
  readonly onProgress: ((progress: WeightProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What `derive` made. */
export type DerivedWeightFiles = Extract<WorkerReply, { readonly kind: "derived" }>;

/** Options of `SessionWorker.run`. */
export interface WorkerRunOptions extends ThreadRunOptions {
  readonly session: number;
}

type Said = WorkerReply | ReadQuestion | ProgressNotice;

/** A run that did not happen. */
export type LostRun = Extract<WorkerReply, { readonly kind: "device-lost" }>;

/**
 * Starts a worker and its execution provider.
 *
 * @throws RuntimeError `unsupported` when the browser does not have the provider, `load-failed` when ONNX Runtime
 * cannot be loaded, `worker-lost` when the worker's script cannot; the signal's reason when it aborts.
 */
export async function startSessionWorker(
  settings: StartSettings,
  options: { readonly signal: AbortSignal | undefined },
): Promise<SessionWorker> {
  options.signal?.throwIfAborted();
  const worker = new Worker(new URL("./worker/session-worker.js", import.meta.url), {
    type: "module",
    name: "internvit-session",
  });
  const known = sharedStart(settings.wasmPaths);
  const requests = createRequests<WorkerReply>();
  let sources: ReadonlyMap<string, ByteSource> = new Map();
  let reading: AbortSignal | undefined;
  let onProgress: ((progress: WeightProgress) => void) | undefined;
  let lastSession = 0;

  const send = (request: WorkerRequest, transfer: Transferable[] = []): void => {
    worker.postMessage(request, transfer);
  };
  const answerQuestion = async ({ id, file, start, end }: ReadQuestion): Promise<void> => {
    try {
      const source = sources.get(file);
      if (source === undefined) throw new Error(`the checkpoint has no file ${file}`);
      const bytes = await source.read(start, end, reading);
      // What a source gives may be a view of memory that it keeps: the copy goes, and is not copied again.
      const copy = bytes.slice();
      send({ kind: "bytes", id, bytes: copy }, [copy.buffer]);
    } catch (error) {
      send({ kind: "no-bytes", id, message: (error as Error).message });
    }
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Said>) => {
    if (data.kind === "read") void answerQuestion(data);
    else if (data.kind === "compiled") known.module = data.module;
    else if (data.kind === "progress") onProgress?.(data);
    else requests.settle(data);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    const what = event.message === undefined ? "its script cannot be loaded" : event.message;
    requests.lose(new RuntimeError("worker-lost", `the session's worker failed: ${what}`));
    worker.terminate();
  });

  const terminate = (): void => {
    requests.lose(new RuntimeError("disposed", "the session was disposed of"));
    worker.terminate();
  };
  const ask = async <Kind extends WorkerReply["kind"]>(
    kinds: readonly Kind[],
    signal: AbortSignal | undefined,
    post: (id: number) => void,
  ): Promise<Extract<WorkerReply, { readonly kind: Kind }>> => {
    const id = requests.nextId();
    const waiting = requests.wait(id, signal);
    if (requests.lost === undefined && signal?.aborted !== true) post(id);
    const reply = await waiting;
    if (kinds.includes(reply.kind as Kind)) {
      return reply as Extract<WorkerReply, { readonly kind: Kind }>;
    }
    throw new RuntimeError("worker-lost", `expected ${kinds.join(" or ")}, got ${reply.kind}`);
  };

  const unload = async (session: number): Promise<void> => {
    if (requests.lost !== undefined) return;
    await ask(["unload"], undefined, (id) => send({ kind: "unload", id, session }));
  };

  const started = await ask(["started"], options.signal, (id) =>
    send({ kind: "start", id, settings, known }),
  ).catch((error: unknown) => {
    terminate();
    throw error;
  });
  const { adapter, probe } = started.provider;
  if (adapter !== undefined && probe !== undefined) known.probed.set(adapterKey(adapter), probe);
  return {
    provider: started.provider,
    async derive(recipe, { signal, files, keep, ...from }) {
      ({ sources, onProgress } = from);
      // What is still being fetched when it has ended is of no use.
      const ended = new AbortController();
      reading = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
      try {
        return await ask(["derived"], signal, (id) =>
          send({ kind: "derive", id, recipe, files, keep }),
        );
      } finally {
        ended.abort();
      }
    },
    async load(graph, { signal, keep = [], memoryPattern = true, ...options }) {
      const session = ++lastSession;
      const { description } = await ask(["loaded"], signal, (id) =>
        send({ kind: "load", id, session, graph, keep, memoryPattern, ...options }),
      ).catch((error: unknown) => {
        // It may be loading all the same.
        unload(session).catch(() => undefined);
        throw error;
      });
      return { session, description };
    },
    run: (feeds, { session, outputs, keep, signal, move }) =>
      ask(["result", "device-lost"], signal, (id) => {
        const sent = move ? feeds : copyFeeds(feeds);
        send({ kind: "run", id, session, feeds: sent, outputs, keep }, buffersOf(sent));
      }),
    unload,
    hold: (tensors, { move, signal }) =>
      ask(["hold"], signal, (id) => {
        const sent = move ? tensors : copyFeeds(tensors);
        send({ kind: "hold", id, tensors: sent }, buffersOf(sent));
      }),
    async read(numbers, signal) {
      const { tensors } = await ask(["read-held"], signal, (id) =>
        send({ kind: "read-held", id, numbers }),
      );
      return tensors;
    },
    release: (numbers) => send({ kind: "release", id: 0, numbers }),
    async loseDevice() {
      await ask(["device-destroyed"], undefined, (id) => send({ kind: "lose-device", id }));
    },
    terminate,
  };
}
