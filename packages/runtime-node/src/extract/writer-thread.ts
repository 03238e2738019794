// The extraction's side of the thread that writes shards.

import { Worker } from "node:worker_threads";

import { RuntimeError } from "../errors.ts";
import type { StageClock } from "../pipeline/stage-clock.ts";
import type { NumberedRequest, WriterReply, WriterRequest } from "./writer-protocol.ts";

/** A thread that writes shards. */
export interface WriterThread {
  /**
   * Sends a request; settles when the thread has done it. Tensors are moved, not copied.
   *
   * @throws RuntimeError `no-space`, `io`, or `worker-lost` when the thread is gone
   */
  ask(request: WriterRequest): Promise<void>;
  /** Ends the thread at once. What it has not said to be done may be done or not. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: RuntimeError) => void;
}

/** Starts the thread. */
export function startWriterThread({ clock }: { readonly clock: StageClock }): WriterThread {
  const worker = new Worker(new URL("./writer-worker.js", import.meta.url), {
    execArgv: [],
    name: "internvit-writer",
  });
  const waiting = new Map<number, Waiting>();
  let lost: RuntimeError | undefined;
  let lastId = 0;
  const lose = (error: RuntimeError): void => {
    lost ??= error;
    for (const { reject } of waiting.values()) reject(lost);
    waiting.clear();
  };
  worker.on("message", ({ id, milliseconds, error }: WriterReply) => {
    clock.add("write", milliseconds);
    const request = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) request?.resolve();
    else request?.reject(new RuntimeError(error.code, error.message));
  });
  worker.on("error", (cause) => {
    const message = `the thread that writes failed: ${cause.message}`;
    lose(new RuntimeError("worker-lost", message, { cause }));
  });
  worker.on("exit", (code) => {
    lose(new RuntimeError("worker-lost", `the thread that writes ended with code ${code}`));
  });
  return {
    ask(request) {
      if (lost !== undefined) return Promise.reject(lost);
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        const message: NumberedRequest = { ...request, id };
        worker.postMessage(message, buffersOf(request));
      });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

function buffersOf(request: WriterRequest): readonly ArrayBuffer[] {
  if (request.kind !== "append") return [];
  const buffers = Object.values(request.batch.tensors).map(({ buffer }) => buffer as ArrayBuffer);
  return [...new Set(buffers)];
}
