// One process at a time works on a file; the others wait and then find it finished.
//
// The lock is a file that is made with the exclusive flag and holds who made it. Its owner touches it every few
// seconds. It is stale when its owner's process is dead (same host and same process namespace: two containers may
// share a host name) or when its time has not changed for `staleAfter` as measured by the waiter's own clock, which
// no difference between the clocks of two machines can upset.
//
// Taking over: whoever finds a lock stale makes a second file with the exclusive flag, looks once more whether the lock
// is still the one that was judged, and only then removes it. So nobody removes a lock that another waiter has made
// meanwhile. That second file lives for milliseconds; one that was left by a process killed in them is removed after a
// minute. An owner that was thought to be gone and is not (a suspended machine) notices at its next beat that the file
// is not its own, gives up and waits; two owners do no harm meanwhile, because they write the same bytes to the same
// places, and only a file whose hash was checked gets the final name.

import { readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

import { delay } from "../retry.ts";
import { diskError, isMissing } from "./disk.ts";

/** Options of `withLock`. */
export interface LockOptions {
  readonly signal: AbortSignal | undefined;
  /** Called again and again while another process has the lock. */
  readonly onWaiting?: () => void;
  /** Milliseconds without a beat after which an owner counts as gone; default 20 000. It beats four times as often. */
  readonly staleAfter?: number;
}

const POLL_INTERVAL = 200;
const TAKEOVER_INTERVAL = 20;
const GUARD_ABANDONED_AFTER = 60_000;

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/** What a waiter remembers of the lock that it sees. */
interface Sighting {
  readonly text: string;
  readonly changed: number;
  readonly since: number;
}

/**
 * Runs an action while holding the lock. The signal that it gets is aborted when the caller's is or the lock is lost;
 * a lost lock is waited for again and the action runs again.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    const owner = await acquire(path, options);
    const controller = new AbortController();
    const abort = (): void => controller.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", abort, { once: true });
    if (options.signal?.aborted === true) abort();
    let lost = false;
    const beat = setInterval(
      () => {
        void touch(path, owner).then((held) => {
          if (held) return;
          lost = true;
          controller.abort();
        });
      },
      (options.staleAfter ?? 20_000) / 4,
    );
    beat.unref();
    try {
      return await action(controller.signal);
    } catch (error) {
      if (!lost || options.signal?.aborted === true) throw error;
    } finally {
      clearInterval(beat);
      options.signal?.removeEventListener("abort", abort);
      if (await isHeld(path, owner)) await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

async function acquire(path: string, options: LockOptions): Promise<Owner> {
  const owner: Owner = {
    pid: process.pid,
    host: await hostIdentity(),
    token: `${process.pid}-${Math.random().toString(36).slice(2)}`,
  };
  let seen: Sighting | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await writeFile(path, JSON.stringify(owner), { flag: "wx" });
      return owner;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
        throw diskError(cause, `the lock ${path} cannot be made`);
      }
    }
    seen = await look(path, seen);
    if (seen === undefined) continue;
    if (isStale(seen, { owner, staleAfter: options.staleAfter ?? 20_000 })) {
      await takeAway(path, seen.text);
      seen = undefined;
      continue;
    }
    options.onWaiting?.();
    await delay(POLL_INTERVAL, options.signal);
  }
}

async function look(path: string, before: Sighting | undefined): Promise<Sighting | undefined> {
  try {
    const [text, { mtimeMs: changed }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const same = before?.text === text && before.changed === changed;
    return { text, changed, since: same ? before.since : performance.now() };
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw diskError(cause, `the lock ${path} cannot be read`);
  }
}

function isStale(
  { text, since }: Sighting,
  { owner, staleAfter }: { readonly owner: Owner; readonly staleAfter: number },
): boolean {
  if (performance.now() - since > staleAfter) return true;
  // Empty in the moment between its making and its writing, or for good when its maker was killed there.
  const [, pid, host] = /^\{"pid":(\d+),"host":("(?:[^"\\]|\\.)*"),/.exec(text) ?? [];
  return host === JSON.stringify(owner.host) && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it is there, but another user's.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes the lock if it is still the one that was judged; it may be gone or another's after this. */
async function takeAway(path: string, text: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await writeFile(guard, "", { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
      throw diskError(cause, `the stale lock ${path} cannot be removed`);
    }
    await removeAbandonedGuard(guard);
    return delay(TAKEOVER_INTERVAL, undefined);
  }
  try {
    if ((await readFile(path, "utf8")) === text) await rm(path);
  } catch (cause) {
    if (!isMissing(cause)) throw diskError(cause, `the stale lock ${path} cannot be removed`);
  } finally {
    await rm(guard, { force: true });
  }
}

async function removeAbandonedGuard(guard: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(guard);
    if (Date.now() - mtimeMs > GUARD_ABANDONED_AFTER) await rm(guard, { force: true });
  } catch (cause) {
    if (!isMissing(cause)) throw diskError(cause, `${guard} cannot be removed`);
  }
}

async function touch(path: string, owner: Owner): Promise<boolean> {
  if (!(await isHeld(path, owner))) return false;
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
  return true;
}

async function isHeld(path: string, { token }: Owner): Promise<boolean> {
  try {
    return (await readFile(path, "utf8")).includes(token);
  } catch (cause) {
    // A file that cannot be read for a moment may still be ours.
    return !isMissing(cause);
  }
}

async function hostIdentity(): Promise<string> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()} ${namespace}`.trim();
}
