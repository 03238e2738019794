// How many processors this process may really use: the fewer of those that the scheduler lets it run on and those
// that the CPU quota of its control groups pays for. Inside a container the first is often the whole host, and threads
// beyond the quota only make the others wait.
//
// Control groups (Linux): version 2 has `cpu.max` ("quota period" or "max period"), version 1 `cpu.cfs_quota_us` (-1:
// none) and `cpu.cfs_period_us`. Every group above the process's own may set a limit too, so all are read up to the
// root; in a container the path of /proc/self/cgroup may be one of the host, of which only the root is there.
// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/scheduler/sched-bwc.html

import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";

/** Options of `availableCpus`. */
export interface AvailableCpusOptions {
  /** Processors that the scheduler lets this process run on. Default: what the system says. */
  readonly scheduled?: number;
  /** The folder that `proc` and `sys` are in. Default `/`. */
  readonly root?: string;
}

/** Processors that this process may use at the same time, at least 1; part of a processor does not count. */
export function availableCpus(options: AvailableCpusOptions = {}): number {
  const { scheduled = availableParallelism(), root = "/" } = options;
  return Math.max(1, Math.floor(Math.min(scheduled, quotaOf(root))));
}

/**
 * Threads for each of `sessions` sessions that run at the same time. 0, which leaves it to ONNX Runtime, only for one
 * session that has the machine for itself: ONNX Runtime knows which processors share a core, but not what a container
 * allows.
 */
export function defaultThreads(
  sessions: number,
  { available = availableCpus(), installed = cpus().length }: DefaultThreadsOptions = {},
): number {
  if (sessions === 1 && available >= installed) return 0;
  return Math.max(1, Math.floor(available / sessions));
}

/** Threads of a session of which `asked` were asked for; 0 is `defaultThreads` of a single session. */
export function sessionThreads(asked = 0): number {
  return asked === 0 ? defaultThreads(1) : asked;
}

/** Options of `defaultThreads`. */
export interface DefaultThreadsOptions {
  /** Default: `availableCpus()`. */
  readonly available?: number;
  /** Processors of the machine. Default: what the system says. */
  readonly installed?: number;
}

/** Processors by the control groups' quota; infinity where there is none. */
function quotaOf(root: string): number {
  const groups = readText(join(root, "proc/self/cgroup")) ?? "";
  let quota = Number.POSITIVE_INFINITY;
  for (const line of groups.split("\n")) {
    const [, controllers = "", path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const mount = mountOf(controllers);
    if (mount === undefined) continue;
    for (const group of withAncestors(path)) {
      quota = Math.min(quota, readQuota(join(root, mount, group)));
    }
  }
  return quota;
}

/** Where the groups of a line of /proc/self/cgroup are; undefined when they do not limit processors. */
function mountOf(controllers: string): string | undefined {
  if (controllers === "") return "sys/fs/cgroup";
  return controllers.split(",").includes("cpu") ? join("sys/fs/cgroup", controllers) : undefined;
}

function* withAncestors(path: string): Generator<string> {
  const names = path.split("/").filter((name) => name !== "");
  for (let count = names.length; count >= 0; count--) yield names.slice(0, count).join("/");
}

function readQuota(group: string): number {
  const [quota, period] =
    readText(join(group, "cpu.max"))?.trim().split(/\s+/) ??
    ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => readText(join(group, name))?.trim());
  const processors = Number(quota) / Number(period);
  // "max", -1 and files that are not there are no limit.
  return processors > 0 ? processors : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
