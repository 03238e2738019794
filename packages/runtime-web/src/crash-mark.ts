// A mark that a page leaves in the browser's storage while it starts a session on a GPU, and takes away when the first
// run is done. A tab that the browser or the driver killed in between leaves it behind, and the next page takes the safe
// way. Each mark goes with a lock of the same name, which ends with its page however that ends: so the mark of another
// tab that is just starting is told from one that nobody will take away. docs/decisions/0024.

const PREFIX = "internvit:webgpu-start:";

/** How long a mark counts: drivers and browsers are renewed. */
const VALID_MILLISECONDS = 24 * 60 * 60 * 1000;

/** A start under way. */
export interface CrashMark {
  /** The start was no crash, whatever else became of it. */
  remove(): void;
}

/** Nothing is left behind. */
export const NO_MARK: CrashMark = { remove: () => undefined };

/** Leaves a mark. Does nothing where there is no storage for it, as in a worker. */
export function leaveCrashMark(): CrashMark {
  const storage = storageHere();
  if (storage === undefined || document.visibilityState === "hidden") return NO_MARK;
  const name = `${PREFIX}${crypto.randomUUID()}`;
  const ended = new AbortController();
  const held = new Promise<void>((resolve) => {
    ended.signal.addEventListener("abort", () => resolve());
  });
  const remove = (): void => {
    document.removeEventListener("visibilitychange", hidden);
    storage.removeItem(name);
    ended.abort();
  };
  // A tab that is closed is hidden first; one that is put aside may be ended for reasons of its own.
  const hidden = (): void => {
    if (document.visibilityState === "hidden") remove();
  };
  try {
    storage.setItem(name, String(Date.now()));
  } catch {
    // The storage is full: no mark, and no harm but that a crash would not be known.
    return NO_MARK;
  }
  void navigator.locks.request(name, () => held);
  document.addEventListener("visibilitychange", hidden);
  return { remove };
}

/** Whether a start on a GPU ended its page not long ago. Marks that count no more are taken away. */
export async function hasCrashed(): Promise<boolean> {
  const storage = storageHere();
  if (storage === undefined) return false;
  const { held = [], pending = [] } = await navigator.locks.query();
  const alive = new Set([...held, ...pending].map(({ name }) => name));
  const left = Object.keys(storage).filter((name) => name.startsWith(PREFIX) && !alive.has(name));
  const counts = (name: string): boolean =>
    Date.now() - Number(storage.getItem(name)) < VALID_MILLISECONDS;
  for (const name of left) if (!counts(name)) storage.removeItem(name);
  return left.some(counts);
}

function storageHere(): Storage | undefined {
  // Absent in workers; browsers throw where the user forbids it.
  try {
    return "locks" in navigator ? globalThis.localStorage : undefined;
  } catch {
    return undefined;
  }
}
