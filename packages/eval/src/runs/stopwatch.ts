// How long the parts of a run took, those of its earlier lives included.

import type { TimeFacts } from "../results/result.ts";

/** Seconds by part. */
export type PartSeconds = Readonly<Record<string, number>>;

/** Adds up the time of parts. */
export interface Stopwatch {
  /** Runs a part and adds its time. */
  time<T>(part: string, work: () => Promise<T>): Promise<T>;
  /** Adds seconds that were measured elsewhere. */
  add(part: string, seconds: number): void;
  /** What counts so far, a part that is running included. */
  seconds(): PartSeconds;
  facts(resumed: number): TimeFacts;
}

/** A stopwatch that goes on from what an earlier life of the run counted. */
export function createStopwatch(before: PartSeconds = {}): Stopwatch {
  const parts: Record<string, number> = { ...before };
  let running: { readonly part: string; readonly begin: number } | undefined;
  const seconds = (): PartSeconds => {
    if (running === undefined) return { ...parts };
    const now = (performance.now() - running.begin) / 1e3;
    return { ...parts, [running.part]: (parts[running.part] ?? 0) + now };
  };
  return {
    async time(part, work) {
      running = { part, begin: performance.now() };
      try {
        return await work();
      } finally {
        Object.assign(parts, seconds());
        running = undefined;
      }
    },
    add: (part, more) => void (parts[part] = (parts[part] ?? 0) + more),
    seconds,
    facts: (resumed) => ({
      total: Object.values(seconds()).reduce((sum, value) => sum + value, 0),
      parts: Object.entries(seconds()).map(([name, value]) => ({ name, seconds: value })),
      resumed,
    }),
  };
}
