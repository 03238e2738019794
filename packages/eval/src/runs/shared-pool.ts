// Things of which one is free at a time, for work that comes faster than it is done.

/** Some things, each of which does one work at a time. */
export interface SharedPool<T> {
  readonly size: number;
  /** Does the work with the next one that is free. */
  use<R>(work: (item: T) => Promise<R>): Promise<R>;
}

/** A pool of things that stay the caller's. */
export function createSharedPool<T>(items: readonly T[]): SharedPool<T> {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];
  const take = async (): Promise<T> =>
    free.pop() ?? new Promise((resolve) => void waiting.push(resolve));
  const give = (item: T): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(item);
    else next(item);
  };
  return {
    size: items.length,
    async use(work) {
      const item = await take();
      try {
        return await work(item);
      } finally {
        give(item);
      }
    },
  };
}
