// Waiting that ends when a signal is aborted, for work that cannot be ended itself.

/**
 * Makes promises reject with the signal's reason as soon as it is aborted. One listener for all: Node warns of more
 * than ten. Not Promise.race with one promise for all: that one would keep every result that it ever raced with.
 */
export function abortable(signal: AbortSignal | undefined): {
  readonly guard: <T>(work: Promise<T>) => Promise<T>;
  readonly stopListening: () => void;
} {
  const rejects = new Set<(reason: unknown) => void>();
  const abort = (): void => {
    for (const reject of rejects) reject(signal?.reason);
  };
  signal?.addEventListener("abort", abort, { once: true });
  return {
    guard: (work) =>
      new Promise((resolve, reject) => {
        rejects.add(reject);
        work.then(resolve, reject).finally(() => rejects.delete(reject));
        if (signal?.aborted === true) reject(signal.reason);
      }),
    stopListening: () => signal?.removeEventListener("abort", abort),
  };
}
