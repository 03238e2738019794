/** How long the stages of a command took. */
export interface Stopwatch {
  /** Runs a stage and adds its time. */
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds of each stage so far, in the order in which they began. */
  stages(): Readonly<Record<string, number>>;
}

/** A stopwatch without stages. */
export function createStopwatch(): Stopwatch {
  const stages = new Map<string, number>();
  return {
    async time(stage, work) {
      const begin = performance.now();
      const before = stages.get(stage) ?? 0;
      stages.set(stage, before);
      try {
        return await work();
      } finally {
        stages.set(stage, before + performance.now() - begin);
      }
    },
    stages: () => Object.fromEntries(stages),
  };
}
