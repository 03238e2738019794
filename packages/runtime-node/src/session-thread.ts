// The calling thread's side of a session thread: sends requests, settles promises, never blocks.

import { Worker } from "node:worker_threads";

import {
  buffersOf,
  copyFeeds,
  createRequests,
  type HolderThread,
  type LoadedGraph,
} from "@internvit/model-core/session";

import { int8MayOverflow, readCpuFlags } from "./cpu-flags.ts";
import { RuntimeError } from "./errors.ts";
import { createSessionState, guardExit } from "./exit-guard.ts";
import { asSent, eachTensor, toSend } from "./large-views.ts";
import type {
  Placement,
  SessionReply,
  SessionRequest,
  SessionSetup,
  ThreadSetup,
} from "./worker/protocol.ts";

/** A worker thread that holds sessions and tensors. Requests are served in order. */
export interface SessionThread extends Omit<HolderThread, "load"> {
  /**
   * Makes a session.
   *
   * @throws RuntimeError `load-failed` when ONNX Runtime refuses the graph; the signal's reason when it aborts.
   */
  load(
    setup: SessionSetup,
    options: { readonly signal: AbortSignal | undefined },
  ): Promise<ThreadSession>;
  /** Ends the thread, which frees all that it has. Requests that wait reject with `disposed`. */
  terminate(): Promise<void>;
}

/** A session of such a thread. */
export interface ThreadSession extends LoadedGraph {
  /** Where the nodes of the graph ran, with `recordPlacement` after its first run. */
  readPlacement(): Promise<Placement>;
}

/** Starts a thread. */
export async function startSessionThread(
  setup: Omit<ThreadSetup, "state" | "exactInt8" | "recordPlacement"> & {
    readonly recordPlacement?: boolean;
  },
): Promise<SessionThread> {
  const exactInt8 = int8MayOverflow(await readCpuFlags());
  const state = createSessionState();
  const unguard = guardExit(state);
  const worker = new Worker(new URL("./worker/session-worker.js", import.meta.url), {
    workerData: { recordPlacement: false, ...setup, exactInt8, state } satisfies ThreadSetup,
    // The host's own flags (--input-type, --import of a loader, …) are not meant for this thread and can break it.
    execArgv: [],
    name: "internvit-session",
  });
  const requests = createRequests<SessionReply>();
  let closing = false;
  let lastSession = 0;

  const post = (request: SessionRequest, transfer: ArrayBuffer[] = []): void => {
    worker.postMessage(request, transfer);
  };
  worker.on("message", (reply: SessionReply) => {
    requests.settle(reply);
    // An idle session must not keep the process alive.
    if (requests.waiting === 0 && !closing) worker.unref();
  });
  worker.on("error", (cause) => {
    requests.lose(
      new RuntimeError("worker-lost", `the session's thread failed: ${cause.message}`, { cause }),
    );
  });
  worker.on("exit", (code) => {
    unguard();
    requests.lose(new RuntimeError("worker-lost", `the session's thread ended with code ${code}`));
  });

  /** Sends a request, unless it cannot be answered any more, and waits for the reply of its kind. */
  const ask = async <Kind extends SessionReply["kind"]>(
    kind: Kind,
    signal: AbortSignal | undefined,
    send: (id: number) => void,
  ): Promise<Extract<SessionReply, { readonly kind: Kind }>> => {
    signal?.throwIfAborted();
    if (requests.lost !== undefined) throw requests.lost;
    const id = requests.nextId();
    worker.ref();
    const waiting = requests.wait(id, signal);
    send(id);
    const reply: SessionReply = await waiting;
    if (reply.kind === kind) return reply as Extract<SessionReply, { readonly kind: Kind }>;
    throw new RuntimeError("worker-lost", `expected ${kind}, got ${reply.kind}`);
  };
  const unload = async (session: number): Promise<void> => {
    if (requests.lost !== undefined) return;
    await ask("unload", undefined, (id) => post({ kind: "unload", id, session }));
  };
  worker.unref();

  return {
    async load(session, { signal }) {
      const number = ++lastSession;
      const { description } = await ask("load", signal, (id) =>
        post({ kind: "load", id, session: number, ...session }),
      ).catch((error: unknown) => {
        // It may be loading all the same.
        unload(number).catch(() => undefined);
        throw error;
      });
      return {
        description,
        async run(feeds, { outputs, keep, signal: aborting, move }) {
          const result = await ask("result", aborting, (id) => {
            const sent = eachTensor(move ? feeds : copyFeeds(feeds), toSend);
            post({ kind: "run", id, session: number, feeds: sent, outputs, keep }, buffersOf(sent));
          });
          return { ...result, outputs: eachTensor(result.outputs, asSent) };
        },
        unload: () => unload(number),
        async readPlacement() {
          const { placement } = await ask("placement", undefined, (id) =>
            post({ kind: "placement", id, session: number }),
          );
          return placement;
        },
      };
    },
    hold: (tensors, { move, signal }) =>
      ask("hold", signal, (id) => {
        const sent = eachTensor(move ? tensors : copyFeeds(tensors), toSend);
        post({ kind: "hold", id, tensors: sent }, buffersOf(sent));
      }),
    async read(numbers, signal) {
      const { tensors } = await ask("read-held", signal, (id) =>
        post({ kind: "read-held", id, numbers }),
      );
      return tensors.map(asSent);
    },
    release: (numbers) => post({ kind: "release", id: 0, numbers }),
    async terminate() {
      if (requests.lost !== undefined) return;
      requests.lose(new RuntimeError("disposed", "the session was disposed of"));
      const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      // Ends the thread in its own time: one that is stopped inside ONNX Runtime takes the whole process with it. The
      // process stays alive until then.
      closing = true;
      worker.ref();
      post({ kind: "close", id: 0 });
      await ended;
    },
  };
}
