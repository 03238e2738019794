// How far a download is, in bytes, told a few times per second.

/** How far a download is. */
export interface DownloadProgress {
  /** The file that is being fetched. */
  readonly file: string;
  /** Bytes of the file that are there, and its size; for an extract the bytes that are fetched. */
  readonly done: number;
  readonly total: number;
  /** The same over everything that this download has to fetch, as far as that is known yet. */
  readonly modelDone: number;
  readonly modelTotal: number;
  /** True while another process downloads the file and this one waits for it. */
  readonly waiting: boolean;
}

/** Progress of one file. */
export interface FileProgress {
  /** So many more bytes are there. */
  add(bytes: number): void;
  /** Another process is at it. */
  wait(): void;
  /** All of it is there. */
  finish(): void;
}

/** Progress of a whole download; its files come one after the other. */
export interface ModelProgress {
  /** Adds to the bytes that are to be fetched. */
  expect(bytes: number): void;
  /** Begins a file of `total` bytes that were expected. */
  start(file: string, total: number): FileProgress;
}

const INTERVAL = 100;

/** Tells `onProgress` at most every 100 ms, and at each end of a file. */
export function createProgress(
  onProgress: ((progress: DownloadProgress) => void) | undefined,
): ModelProgress {
  let modelTotal = 0;
  let finished = 0;
  let told = Number.NEGATIVE_INFINITY;
  return {
    expect(bytes) {
      modelTotal += bytes;
    },
    start(file, total) {
      let done = 0;
      const tell = (waiting: boolean, isLast = false): void => {
        if (!isLast && performance.now() - told < INTERVAL) return;
        told = performance.now();
        onProgress?.({ file, done, total, modelDone: finished + done, modelTotal, waiting });
      };
      return {
        add(bytes) {
          // A server without ranges sends again from the start after a break.
          done = Math.min(total, done + bytes);
          tell(false);
        },
        wait: () => tell(true),
        finish() {
          done = total;
          tell(false, true);
          finished += total;
        },
      };
    },
  };
}
