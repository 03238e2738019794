/** Things of which each does one job at a time. */
export interface Pool<T> {
  /** Runs the job with one that is free, or waits for one. */
  use<R>(job: (item: T) => Promise<R>): Promise<R>;
}

/** A pool of things that stay the caller's. */
export function createPool<T>(items: readonly T[]): Pool<T> {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];
  return {
    async use(job) {
      const item = free.pop() ?? (await new Promise<T>((resolve) => void waiting.push(resolve)));
      try {
        return await job(item);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free.push(item);
        else next(item);
      }
    },
  };
}
