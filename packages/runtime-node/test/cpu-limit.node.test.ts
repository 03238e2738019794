import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { availableCpus, defaultThreads } from "@internvit/runtime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "internvit-cgroup-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Writes the files of a system's /proc and /sys. */
function system(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

describe("availableCpus", () => {
  it("is what the scheduler says where there are no control groups", () => {
    expect(availableCpus({ scheduled: 12, root })).toBe(12);
  });

  it("follows the quota of a container (version 2)", () => {
    system({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "350000 100000\n" });
    expect(availableCpus({ scheduled: 64, root })).toBe(3);
  });

  it("is at least one", () => {
    system({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "20000 100000\n" });
    expect(availableCpus({ scheduled: 64, root })).toBe(1);
  });

  it("is never more than the scheduler allows", () => {
    system({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "3200000 100000\n" });
    expect(availableCpus({ scheduled: 4, root })).toBe(4);
  });

  it("takes the smallest quota of a group and those above it", () => {
    system({
      "proc/self/cgroup": "0::/pods/one/run\n",
      "sys/fs/cgroup/pods/cpu.max": "600000 100000\n",
      "sys/fs/cgroup/pods/one/cpu.max": "200000 100000\n",
      "sys/fs/cgroup/pods/one/run/cpu.max": "max 100000\n",
    });
    expect(availableCpus({ scheduled: 64, root })).toBe(2);
  });

  it("finds the container's own limit when the group's path is one of the host", () => {
    system({
      "proc/self/cgroup": "0::/system.slice/docker-0123.scope\n",
      "sys/fs/cgroup/cpu.max": "400000 100000\n",
    });
    expect(availableCpus({ scheduled: 64, root })).toBe(4);
  });

  it("follows the quota of version 1", () => {
    system({
      "proc/self/cgroup": "7:memory:/box\n4:cpu,cpuacct:/box\n3:cpuset:/box\n",
      "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "500000\n",
      "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    });
    expect(availableCpus({ scheduled: 64, root })).toBe(5);
  });

  it("knows no limit where none is set", () => {
    system({
      "proc/self/cgroup": "1:cpu:/\n0::/\n",
      "sys/fs/cgroup/cpu.max": "max 100000\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    });
    expect(availableCpus({ scheduled: 64, root })).toBe(64);
  });

  it("reads the machine that it runs on", () => {
    const cpus = availableCpus();
    expect(cpus).toBeGreaterThanOrEqual(1);
    expect(cpus).toBeLessThanOrEqual(availableParallelism());
  });
});

describe("defaultThreads", () => {
  it("leaves one session on a whole machine to ONNX Runtime", () => {
    expect(defaultThreads(1, { available: 16, installed: 16 })).toBe(0);
  });

  it("follows the limit of a container, and shares it between sessions", () => {
    expect(defaultThreads(1, { available: 3, installed: 64 })).toBe(3);
    expect(defaultThreads(2, { available: 16, installed: 16 })).toBe(8);
    expect(defaultThreads(4, { available: 3, installed: 64 })).toBe(1);
  });
});
