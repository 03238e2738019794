// One process at a time works on a file; the others wait and then find it finished.
//
// The lock is a file that is made with the exclusive flag and holds who made it. Its owner touches it every few
// seconds. It is stale when its owner's process is dead (same host and same process namespace: two containers may
// share a host name) or when its time has not changed for `staleAfter` as measured by the waiter's own clock, which
// no difference between the clocks of two machines can upset.
//
// Taking over: the waiter renames the stale file to a name of its own, which only one of several can do, and then
// looks whether it took the one that it had judged. If another waiter was faster and it took that one's fresh lock,
// it puts it back. Should a third have made a lock in that very moment, there are two owners for a while: an owner
// notices at its next beat that the file is not its own, gives up and waits. Two owners do no harm meanwhile, because
// they write the same bytes to the same places, and only a file whose hash was checked gets the final name.

import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
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
      await takeAway(path, { text: seen.text, token: owner.token });
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

async function takeAway(
  path: string,
  { text, token }: { readonly text: string; readonly token: string },
): Promise<void> {
  const away = `${path}.${token}`;
  try {
    await rename(path, away);
    // `link` makes no file where there is one, which `rename` would.
    if ((await readFile(away, "utf8")) !== text) await link(away, path).catch(() => undefined);
    await rm(away, { force: true });
  } catch (cause) {
    if (!isMissing(cause)) throw diskError(cause, `the stale lock ${path} cannot be removed`);
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
