// Trying again what failed in passing: after a delay that doubles and is spread at random, so that many clients do
// not come back at the same moment, or after the time that the server asks for.

import { HubError, isHubError } from "./errors.ts";
import type { HubConnection } from "./connection.ts";

const MAX_DELAY = 30_000;

/** The hub counts requests over five minutes; whoever asks for more patience is reported instead. */
const MAX_RETRY_AFTER = 300_000;

/** Options of the retrying functions. */
export interface RetryOptions {
  readonly connection: HubConnection;
  readonly signal: AbortSignal | undefined;
}

/** The result of an operation that is tried again while it fails in passing. */
export async function withRetries<T>(
  operation: () => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await operation();
    } catch (error) {
      await waitBeforeRetry(error, { ...options, failures });
    }
  }
}

/**
 * Waits before the next try after `failures` failures in a row.
 *
 * @throws the error itself when it will not pass, or when there were too many.
 */
export async function waitBeforeRetry(
  error: unknown,
  options: RetryOptions & { readonly failures: number },
): Promise<void> {
  const { connection, signal, failures } = options;
  signal?.throwIfAborted();
  if (!isHubError(error) || !error.transient) throw error;
  const allowed = connection.contact.made ? connection.retries : Math.min(1, connection.retries);
  if (failures > allowed || (error.retryAfter ?? 0) > MAX_RETRY_AFTER) throw error;
  const spread = 0.75 + Math.random() / 2;
  const usual = Math.min(connection.retryDelay * 2 ** (failures - 1), MAX_DELAY) * spread;
  await delay(Math.max(usual, error.retryAfter ?? 0), signal);
}

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The error for a connection that could not be made or broke; never for an abort by the caller. */
export function networkError(subject: string, problem: string, cause: unknown): HubError {
  return new HubError("network", `${subject}: ${problem}: ${innermost(cause)}`, {
    cause,
    transient: true,
  });
}

/** `fetch failed` says nothing; what it was caused by does. */
function innermost(error: unknown): string {
  let text = String(error);
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; depth++) {
    const { code } = inner as { code?: unknown };
    if (inner.message !== "") text = inner.message;
    else if (typeof code === "string") text = code;
    inner = inner.cause as unknown;
  }
  return text;
}
