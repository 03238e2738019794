// One process at a time writes to a folder that a long run fills. The lock is a file that is made with the exclusive flag and says whose
// it is. One whose process is dead is taken away; a process is known by its number, its time of start (numbers are
// used again) and its host with the namespace of the number (two containers may share a host name). Of several that
// take a stale lock away at the same time one wins: it is renamed first, and put back when it is not the stale one.

import { readFileSync } from "node:fs";
import { link, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { RuntimeError } from "./errors.ts";
import { writeError } from "./export/write-hashed-file.ts";

/** Far more than passes between the making of a lock and its filling. */
const FILL_MILLISECONDS = 500;

interface Owner {
  readonly pid: number;
  /** Empty where the system does not tell. */
  readonly started: string;
  readonly host: string;
}

/** A lock that is held until it is disposed of. */
export interface OutputLock extends AsyncDisposable {
  dispose(): Promise<void>;
}

/**
 * Takes the lock at `path`, a file in the folder that is written, which must be there. One that a process left when it
 * was killed is taken over.
 *
 * @throws RuntimeError `exists` when another process has it, naming that, `io` when it cannot be made
 */
export async function lockOutput(path: string): Promise<OutputLock> {
  const owner: Owner = {
    pid: process.pid,
    started: startTime("self") ?? "",
    host: await hostIdentity(),
  };
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(owner), { flag: "wx" });
      const dispose = (): Promise<void> => rm(path, { force: true });
      return { dispose, [Symbol.asyncDispose]: dispose };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(path, cause);
    }
    const text = await readLock(path);
    if (text === undefined) continue;
    const other = parseOwner(text);
    if (other !== undefined && isAlive(other, owner)) {
      // Of this host the name is enough.
      const where = other.host === owner.host ? hostname() : other.host;
      throw new RuntimeError(
        "exists",
        `${dirname(path)} is being written by process ${other.pid} on ${where}; wait for it or take another folder (when that process is no more, remove ${path})`,
      );
    }
    await takeAway(path, text);
  }
}

/** What the lock says; undefined when it is gone by now. An empty one gets time to be filled. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    if (text !== "") return text;
    await sleep(FILL_MILLISECONDS);
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new RuntimeError("io", `the lock ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Undefined for a file that its maker had no time to fill. */
function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

/** A process of another host may live; of this one it can be seen. */
function isAlive(other: Owner, { host }: Owner): boolean {
  if (other.host !== host) return true;
  try {
    process.kill(other.pid, 0);
  } catch (cause) {
    // EPERM: it is there, but another user's.
    if ((cause as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return (startTime(other.pid) ?? other.started) === other.started;
}

/** When a process started, in ticks since the system did (field 22 of /proc/<pid>/stat); Linux only. */
function startTime(pid: number | "self"): string | undefined {
  try {
    // The second field is the program's name in parentheses, with anything in it.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    return undefined;
  }
}

async function takeAway(path: string, stale: string): Promise<void> {
  const away = `${path}.${process.pid}`;
  try {
    await rename(path, away);
    // `link` makes no file where there is one, which `rename` would.
    if ((await readFile(away, "utf8")) !== stale) await link(away, path).catch(() => {});
    await rm(away, { force: true });
  } catch (cause) {
    // Another process was faster.
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw writeError(path, cause);
  }
}

async function hostIdentity(): Promise<string> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()} ${namespace}`.trim();
}
