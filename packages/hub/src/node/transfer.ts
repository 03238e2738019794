// Carries out a plan: several connections fetch the pieces in order while the hash follows them.

import type { Hash } from "node:crypto";

import type { HubConnection } from "../connection.ts";
import { isHubError } from "../errors.ts";
import { createFrontHash } from "./front-hash.ts";
import type { PartialFile } from "./partial-file.ts";
import { receiveInOrder, receivePiece, type TransferContext } from "./receive.ts";
import type { TransferPlan } from "./transfer-plan.ts";

/** Options of `runTransfer`. */
export interface TransferOptions {
  readonly partial: PartialFile;
  readonly connection: HubConnection;
  /** How many requests at a time. */
  readonly connections: number;
  readonly hash: Hash;
  readonly onBlock?: ((bytes: Uint8Array, position: number) => void) | undefined;
  /** Told of every block that arrives. */
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

/** What a transfer found. */
export interface Transferred {
  /** Of the target, in hex. */
  readonly digest: string;
  /** ETags by index of the source. */
  readonly etags: ReadonlyMap<number, string>;
}

/** Fetches what is missing of the partial file; when it resolves, every byte is there. */
export async function runTransfer(
  plan: TransferPlan,
  options: TransferOptions,
): Promise<Transferred> {
  const { partial, connection, onBytes } = options;
  // Ends everything else as soon as one part of it fails.
  const controller = new AbortController();
  const abort = (): void => controller.abort(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  if (options.signal.aborted) abort();
  const { signal } = controller;

  const etags = new Map(partial.etags);
  const context: TransferContext = { plan, partial, connection, etags, onBytes, signal };
  const hash = createFrontHash(plan, {
    hash: options.hash,
    read: (buffer, position) => partial.read(buffer, position),
    finished: partial.finished,
    onBlock: options.onBlock,
    signal,
  });
  const unfinished = new Set(plan.pieces.keys());
  for (const piece of partial.finished) unfinished.delete(piece);
  const onFinished = async (piece: number): Promise<void> => {
    await partial.noteFinished(piece);
    unfinished.delete(piece);
    hash.noteFinished(piece);
  };
  try {
    try {
      await receiveAll(context, { connections: options.connections, unfinished, onFinished });
    } catch (error) {
      const inOrder =
        isHubError(error) && error.code === "unsupported" && plan.sources.length === 1;
      if (!inOrder || plan.prefix.byteLength > 0) throw error;
      await receiveInOrder(context, { unfinished, onFinished });
    }
    return { digest: await hash.digest(), etags };
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
    await hash.settled();
  }
}

async function receiveAll(
  context: TransferContext,
  options: {
    readonly connections: number;
    readonly unfinished: ReadonlySet<number>;
    readonly onFinished: (piece: number) => Promise<void>;
  },
): Promise<void> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(context.signal.reason);
  context.signal.addEventListener("abort", abort, { once: true });
  if (context.signal.aborted) abort();
  const queue = [...options.unfinished];
  const worker = async (): Promise<void> => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      await receivePiece(context.plan.pieces[index]!, { ...context, signal: controller.signal });
      await options.onFinished(index);
    }
  };
  let first: { readonly error: unknown } | undefined;
  const guarded = async (): Promise<void> => {
    try {
      await worker();
    } catch (error) {
      first ??= { error };
      queue.length = 0;
      controller.abort(error);
    }
  };
  // Waits for all of them even when one fails: none may write after the file was closed.
  await Promise.all(Array.from({ length: options.connections }, guarded));
  context.signal.removeEventListener("abort", abort);
  if (first !== undefined) throw first.error;
}
