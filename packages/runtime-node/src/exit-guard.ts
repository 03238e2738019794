// `process.exit()` while a session's thread is inside ONNX Runtime would abort the whole process: Node ends the
// thread, and the native code cannot hand its result over any more. So the exit waits until the thread is outside,
// and the thread does not go in again. Two words of shared memory per thread say so.

/** Words of a session's shared state. */
export const BUSY = 0;
export const EXITING = 1;

/** Longest wait for one session in milliseconds: far above any run, in case a driver hangs. */
const MAX_WAIT = 60_000;

// The process has one exit; the listener is there while there are sessions.
const guarded = new Set<Int32Array>();

function waitForSessions(): void {
  for (const state of guarded) Atomics.store(state, EXITING, 1);
  for (const state of guarded) Atomics.wait(state, BUSY, 1, MAX_WAIT);
}

/** The shared state of a new session's thread. */
export function createSessionState(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Makes the process's exit wait for a session's thread; returns what undoes it. */
export function guardExit(state: Int32Array): () => void {
  if (guarded.size === 0) process.on("exit", waitForSessions);
  guarded.add(state);
  return () => {
    guarded.delete(state);
    if (guarded.size === 0) process.off("exit", waitForSessions);
  };
}

/**
 * The thread's side: does `work` inside ONNX Runtime. When the process is exiting it never begins, and the promise
 * never settles: there is nobody left to tell.
 */
export async function insideRuntime<T>(state: Int32Array, work: () => Promise<T>): Promise<T> {
  // Busy first, then the look at the exit; the exit does the same the other way round. One of the two sees the other.
  Atomics.store(state, BUSY, 1);
  const leave = (): void => {
    Atomics.store(state, BUSY, 0);
    Atomics.notify(state, BUSY);
  };
  if (Atomics.load(state, EXITING) === 1) {
    leave();
    return new Promise<never>(() => {});
  }
  return work().finally(leave);
}
