// How busy each stage of the pipeline is, so that one sees which of them the others wait for. A stage has a capacity,
// the number of threads or sessions that can do its work at the same time; its occupancy is the share of their time
// since the start that they were at work.

/** What is done to a picture, in this order. */
export const STAGES: readonly ["read", "decode", "preprocess", "run", "write"] = [
  "read",
  "decode",
  "preprocess",
  "run",
  "write",
];

/** One of the steps. */
export type Stage = (typeof STAGES)[number];

/** How much of its time a stage worked. */
export interface StageLoad {
  /** Milliseconds of work, those of all workers added. */
  readonly busyMilliseconds: number;
  /** Workers that can do it at the same time: threads or sessions. Read, decode and preprocess share theirs. */
  readonly capacity: number;
  /** Share of the workers' time since the start, 0 to 1. */
  readonly occupancy: number;
}

/** The load of every stage. */
export type StageLoads = Readonly<Record<Stage, StageLoad>>;

/** Adds up how long the stages work. */
export interface StageClock {
  /** Work that was measured elsewhere, in milliseconds. */
  add(stage: Stage, milliseconds: number): void;
  /** Work that begins now; call the result when it ends. */
  begin(stage: Stage): () => void;
  /** The loads up to now, work that is under way included. */
  loads(): StageLoads;
}

/** A clock that starts now. */
export function createStageClock(
  capacity: Readonly<Partial<Record<Stage, number>>>,
  now: () => number = () => performance.now(),
): StageClock {
  const start = now();
  const busy = new Map<Stage, number>();
  const underWay = new Map<symbol, { readonly stage: Stage; readonly since: number }>();
  const add = (stage: Stage, milliseconds: number): void => {
    busy.set(stage, (busy.get(stage) ?? 0) + milliseconds);
  };
  const loadOf = (stage: Stage, time: number): StageLoad => {
    let busyMilliseconds = busy.get(stage) ?? 0;
    for (const work of underWay.values()) {
      if (work.stage === stage) busyMilliseconds += time - work.since;
    }
    const most = capacity[stage] ?? 0;
    const available = most * (time - start);
    return {
      busyMilliseconds,
      capacity: most,
      occupancy: available > 0 ? Math.min(busyMilliseconds / available, 1) : 0,
    };
  };
  return {
    add,
    begin(stage) {
      const work = Symbol(stage);
      const since = now();
      underWay.set(work, { stage, since });
      return () => {
        if (underWay.delete(work)) add(stage, now() - since);
      };
    },
    loads() {
      const time = now();
      return {
        read: loadOf("read", time),
        decode: loadOf("decode", time),
        preprocess: loadOf("preprocess", time),
        run: loadOf("run", time),
        write: loadOf("write", time),
      };
    },
  };
}
