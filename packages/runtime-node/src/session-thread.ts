// The calling thread's side of a session thread: sends requests, settles promises, never blocks.

import { Worker } from "node:worker_threads";

import { type Tensor } from "@internvit/model-core";
import {
  buffersOf,
  copyFeeds,
  createRequests,
  type SessionDescription,
} from "@internvit/model-core/session";

import { int8MayOverflow, readCpuFlags } from "./cpu-flags.ts";
import { RuntimeError } from "./errors.ts";
import { createSessionState, guardExit } from "./exit-guard.ts";
import type { Placement, SessionReply, SessionRequest, SessionSetup } from "./worker/protocol.ts";

/** A worker thread with one loaded session. */
export interface SessionThread {
  readonly description: SessionDescription;
  /** Runs the session. Requests are served in order. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options: ThreadRunOptions,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /** Where the nodes of the graph ran, for a session with `recordPlacement` after its first run. */
  readPlacement(): Promise<Placement>;
  /** Ends the thread, which frees the session. Requests that wait reject with `disposed`. */
  terminate(): Promise<void>;
}

/** Options of `SessionThread.run`. */
export interface ThreadRunOptions {
  readonly outputs: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Moves the feeds' buffers to the thread instead of copying them; the caller's tensors are empty afterwards. */
  readonly move: boolean;
}

/**
 * Starts a thread and loads the session in it.
 *
 * @throws RuntimeError `load-failed` when ONNX Runtime refuses the graph; the signal's reason when it aborts.
 */
export async function startSessionThread(
  setup: Omit<SessionSetup, "state" | "exactInt8" | "recordPlacement"> & {
    readonly recordPlacement?: boolean;
  },
  options: { readonly signal: AbortSignal | undefined },
): Promise<SessionThread> {
  options.signal?.throwIfAborted();
  const exactInt8 = int8MayOverflow(await readCpuFlags());
  const state = createSessionState();
  const unguard = guardExit(state);
  const worker = new Worker(new URL("./worker/session-worker.js", import.meta.url), {
    workerData: { recordPlacement: false, ...setup, exactInt8, state } satisfies SessionSetup,
    // The host's own flags (--input-type, --import of a loader, …) are not meant for this thread and can break it.
    execArgv: [],
    name: "internvit-session",
  });
  const requests = createRequests<SessionReply>();
  let closing = false;

  // Ends the thread in its own time: one that is stopped inside ONNX Runtime takes the whole process with it. The
  // process stays alive until then.
  const close = (): void => {
    closing = true;
    worker.ref();
    worker.postMessage({ kind: "close" } satisfies SessionRequest);
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

  const ask = (id: number, signal: AbortSignal | undefined): ReturnType<typeof requests.wait> => {
    worker.ref();
    return requests.wait(id, signal);
  };

  const ready = await ask(0, options.signal).catch((error: unknown) => {
    close();
    throw error;
  });
  if (ready.kind !== "ready") throw new RuntimeError("load-failed", "the worker did not say ready");

  return {
    description: ready.description,
    async run(feeds, { outputs, signal, move }) {
      signal?.throwIfAborted();
      if (requests.lost !== undefined) throw requests.lost;
      const id = requests.nextId();
      const answer = ask(id, signal);
      const sent = move ? feeds : copyFeeds(feeds);
      worker.postMessage(
        { kind: "run", id, feeds: sent, outputs } satisfies SessionRequest,
        buffersOf(sent),
      );
      const reply = await answer;
      if (reply.kind !== "result")
        throw new RuntimeError("run-failed", "the worker sent no result");
      return reply.outputs;
    },
    async readPlacement() {
      if (requests.lost !== undefined) throw requests.lost;
      const id = requests.nextId();
      const answer = ask(id, undefined);
      worker.postMessage({ kind: "placement", id } satisfies SessionRequest);
      const reply = await answer;
      if (reply.kind !== "placement") {
        throw new RuntimeError("run-failed", "the worker sent no placement");
      }
      return reply.placement;
    },
    async terminate() {
      if (requests.lost !== undefined) return;
      requests.lose(new RuntimeError("disposed", "the session was disposed of"));
      const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      close();
      await ended;
    },
  };
}
