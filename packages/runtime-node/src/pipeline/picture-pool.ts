// Threads that read, decode and prepare pictures, so that the thread of the caller and those of the encoder do not.
// A thread that dies takes one picture with it, which is done again by another one; where the second dies too, the
// picture is to blame. (piscina was tried: docs/decisions/0012-extraction.md says why it is not used.)

import { Worker } from "node:worker_threads";

import { RuntimeError } from "../errors.ts";
import type { BadPicture, PictureOptions, PlacedPicture } from "./pictures.ts";
import type { PictureResult, PictureTask } from "./picture-task.ts";
import type { Preparation } from "./preparation.ts";
import type { StageClock } from "./stage-clock.ts";

/** Options of `createPicturePool`. */
export interface PicturePoolOptions extends PictureOptions {
  readonly preparation: Preparation;
  /** Threads. */
  readonly workers: number;
  readonly clock: StageClock;
}

/** A picture's pixels, or why there are none. */
export type PreparedPicture =
  | { readonly picture: PlacedPicture; readonly pixels: Uint8Array<ArrayBuffer> }
  | { readonly bad: BadPicture };

/** A pool of threads; pictures that are asked for beyond their number wait. */
export interface PicturePool {
  /** @throws RuntimeError `worker-lost` when threads die whatever they are given */
  prepare(picture: PlacedPicture): Promise<PreparedPicture>;
  /** Ends the threads; pictures that are under way are dropped. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Deaths of a thread that one picture may cause. */
const MAX_DEATHS = 2;
/** Deaths in a row, without one picture prepared between them, after which it is not the pictures' fault. */
const MAX_DEATHS_IN_A_ROW = 20;

interface Job {
  readonly picture: PlacedPicture;
  readonly resolve: (outcome: PreparedPicture) => void;
  readonly reject: (error: RuntimeError) => void;
  deaths: number;
}

/**
 * Starts the threads.
 *
 * @throws Error when sharp is not installed.
 */
export async function createPicturePool(options: PicturePoolOptions): Promise<PicturePool> {
  const { workers, clock, ...settings } = options;
  // libvips must be loaded by the main thread first, or it is unloaded with the first thread that ends:
  // https://sharp.pixelplumbing.com/install#worker-threads
  await import("@internvit/preprocess/sharp");
  const waiting: Job[] = [];
  const atWork = new Map<Worker, Job | undefined>();
  let deathsInARow = 0;
  let closed = false;
  let broken: RuntimeError | undefined;

  /** Gives the thread its next picture; one without work does not keep the process alive. */
  const feed = (worker: Worker): void => {
    const job = waiting.shift();
    atWork.set(worker, job);
    if (job === undefined) return worker.unref();
    worker.ref();
    const { path, key } = job.picture;
    worker.postMessage({ path, key, ...settings } satisfies PictureTask);
  };
  const start = (): void => {
    const worker = new Worker(new URL("./picture-worker.js", import.meta.url), {
      // The host's own flags (--input-type, --import of a loader, …) are not meant for these threads.
      execArgv: [],
      name: "internvit-pictures",
    });
    let reason: string | undefined;
    worker.on("message", (result: PictureResult) => {
      deathsInARow = 0;
      const job = atWork.get(worker);
      feed(worker);
      if (job !== undefined) settle(job, { result, clock });
    });
    worker.on("error", (error) => (reason = error.message));
    worker.on("exit", (code) => {
      const job = atWork.get(worker);
      atWork.delete(worker);
      if (!closed) bury(job, reason ?? `it ended with code ${code}`);
    });
    feed(worker);
  };
  /** The picture of a dead thread is next, once; another thread takes the dead one's place. */
  const bury = (job: Job | undefined, reason: string): void => {
    deathsInARow++;
    if (job !== undefined && ++job.deaths < MAX_DEATHS) waiting.unshift(job);
    else if (job !== undefined) {
      const { position, key } = job.picture;
      const message = `${key}: the thread that prepared it died ${MAX_DEATHS} times (${reason})`;
      job.resolve({ bad: { position, key, code: "worker-lost", message } });
    }
    if (deathsInARow < MAX_DEATHS_IN_A_ROW) return start();
    const message = `the threads that prepare pictures die one after the other (${reason})`;
    broken = new RuntimeError("worker-lost", message);
    for (const { reject } of waiting.splice(0)) reject(broken);
  };
  for (let i = 0; i < workers; i++) start();
  return {
    prepare(picture) {
      if (broken !== undefined) return Promise.reject(broken);
      return new Promise((resolve, reject) => {
        waiting.push({ picture, resolve, reject, deaths: 0 });
        const idle = [...atWork].find(([, job]) => job === undefined)?.[0];
        if (idle !== undefined) feed(idle);
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      waiting.length = 0;
      await Promise.all([...atWork.keys()].map((worker) => worker.terminate()));
    },
  };
}

function settle(
  { picture, resolve, reject }: Job,
  { result, clock }: { readonly result: PictureResult; readonly clock: StageClock },
): void {
  const { key, position } = picture;
  switch (result.kind) {
    case "fault":
      return reject(
        new RuntimeError("run-failed", `${key}: preparing it failed: ${result.message}`),
      );
    case "bad":
      return resolve({ bad: { position, key, code: result.code, message: result.message } });
    case "pixels":
      for (const stage of ["read", "decode", "preprocess"] as const) {
        clock.add(stage, result.times[stage]);
      }
      return resolve({ picture, pixels: result.pixels });
  }
}
