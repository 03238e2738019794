// The calling side of a worker: requests that wait for their replies.

import type { ErrorReply } from "./protocol.ts";
import { RuntimeError } from "./runtime-error.ts";

/** A reply is told apart by its `kind`; `id` says to which request it belongs. */
interface AnyReply {
  readonly kind: string;
  readonly id: number;
}

/** Requests to one worker. */
export interface Requests<Reply extends AnyReply> {
  /** How many wait. */
  readonly waiting: number;
  /** Why there is no worker any more, once that is so. */
  readonly lost: RuntimeError | undefined;
  /** A number that no request had. The first is 1; 0 is for what a worker does without being asked. */
  nextId(): number;
  /** The reply to a request that is about to be sent; rejects with the signal's reason when it aborts. */
  wait(id: number, signal: AbortSignal | undefined): Promise<Exclude<Reply, ErrorReply>>;
  /** Hands a reply to whoever waits for it. */
  settle(reply: Reply): void;
  /** Rejects everything that waits or comes later. The first reason stays. */
  lose(error: RuntimeError): void;
}

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** No requests yet. */
export function createRequests<Reply extends AnyReply>(): Requests<Reply> {
  type Answer = Exclude<Reply, ErrorReply>;
  const waiting = new Map<number, Waiting<Answer>>();
  let lost: RuntimeError | undefined;
  let lastId = 0;
  return {
    get waiting() {
      return waiting.size;
    },
    get lost() {
      return lost;
    },
    nextId: () => ++lastId,
    async wait(id, signal) {
      signal?.throwIfAborted();
      if (lost !== undefined) throw lost;
      return new Promise<Answer>((resolve, reject) => {
        const abort = (): void => reject(signal?.reason);
        const done = (): void => signal?.removeEventListener("abort", abort);
        signal?.addEventListener("abort", abort, { once: true });
        waiting.set(id, {
          resolve(reply) {
            done();
            resolve(reply);
          },
          reject(error) {
            done();
            reject(error);
          },
        });
      });
    },
    settle(reply) {
      const request = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (isError(reply)) request?.reject(new RuntimeError(reply.code, reply.message));
      else request?.resolve(reply as Answer);
    },
    lose(error) {
      lost ??= error;
      for (const { reject } of waiting.values()) reject(lost);
      waiting.clear();
    },
  };
}

function isError(reply: AnyReply): reply is ErrorReply {
  return reply.kind === "error";
}
