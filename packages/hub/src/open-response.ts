// One request and its answer as a stream of blocks, with a watchdog: a connection that sends nothing for too long is
// given up. The watchdog sleeps while the consumer is busy.

import type { HubConnection, HubResponse } from "./connection.ts";
import { HubError } from "./errors.ts";
import { networkError } from "./retry.ts";
import { pageError, statusError } from "./status-error.ts";

/** Options of `openResponse`. */
export interface OpenResponseOptions {
  readonly connection: HubConnection;
  readonly headers?: Readonly<Record<string, string>>;
  /** For messages. */
  readonly subject: string;
  /** Owner and name, for messages. */
  readonly repository: string;
  /** Every other status is an error. */
  readonly accept: readonly number[];
  readonly signal: AbortSignal | undefined;
}

/** An answer whose body has not been read. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: HubResponse["headers"];
  /** The body, once. */
  readonly blocks: AsyncGenerator<Uint8Array, void, void>;
  /** Ends the request, whether its body was read or not. */
  close(): void;
}

/**
 * Sends a GET request to the endpoint and waits for the head of the answer.
 *
 * @throws HubError for an unexpected status, `not-found` for a page (HTML), and `network` for a connection that cannot be made or stalls; the
 *   signal's reason when it is aborted.
 */
export async function openResponse(
  url: string,
  options: OpenResponseOptions,
): Promise<OpenResponse> {
  const { connection, subject, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  let stalled = false;
  const guard = async <T>(waiting: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      stalled = true;
      controller.abort();
    }, connection.stallTimeout);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
    }
  };
  const failure = (problem: string, cause: unknown): unknown => {
    if (signal?.aborted === true) return signal.reason;
    if (!stalled) return networkError(subject, problem, cause);
    const seconds = connection.stallTimeout / 1000;
    return new HubError("network", `${subject}: the server sent nothing for ${seconds} s`, {
      cause,
      transient: true,
    });
  };
  const close = (): void => {
    signal?.removeEventListener("abort", abort);
    controller.abort();
  };

  const host = new URL(connection.endpoint).host;
  let response: HubResponse;
  try {
    response = await guard(
      connection.fetch(url, {
        headers: {
          ...options.headers,
          ...(connection.token === undefined
            ? {}
            : { authorization: `Bearer ${connection.token}` }),
        },
        signal: controller.signal,
        redirect: "follow",
      }),
    );
  } catch (cause) {
    close();
    throw failure(`${host} cannot be reached`, cause);
  }
  connection.contact.made = true;
  const { status, headers } = response;
  if (!options.accept.includes(status)) {
    close();
    throw statusError(response, {
      subject,
      host,
      page: `${connection.endpoint}/${options.repository}`,
      hasToken: connection.token !== undefined,
    });
  }
  const page = pageError(response, { subject, host });
  if (page !== undefined) {
    close();
    throw page;
  }
  return { status, headers, blocks: readBlocks(response, { guard, failure }), close };
}

async function* readBlocks(
  { body }: HubResponse,
  watch: {
    readonly guard: <T>(waiting: Promise<T>) => Promise<T>;
    readonly failure: (problem: string, cause: unknown) => unknown;
  },
): AsyncGenerator<Uint8Array, void, void> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    let block: Uint8Array | undefined;
    try {
      const { done, value } = await watch.guard(reader.read());
      if (done) return;
      block = value;
    } catch (cause) {
      throw watch.failure("the connection broke", cause);
    }
    if (block !== undefined && block.byteLength > 0) yield block;
  }
}
