// Tests that compare with the system's ffmpeg must not pass by being skipped.

import { execFileSync } from "node:child_process";

const TOOLS = ["ffmpeg", "ffprobe"] as const;

/** Fails with what to do where ffmpeg or ffprobe are missing. */
export function requireFfmpeg(): void {
  for (const tool of TOOLS) {
    try {
      execFileSync(tool, ["-version"], { stdio: "ignore" });
    } catch (cause) {
      throw new Error(`this test needs ${tool} on the PATH: apt-get install ffmpeg`, { cause });
    }
  }
}

/** Runs ffmpeg for a file that a test needs. */
export function runFfmpeg(args: readonly string[]): void {
  execFileSync(TOOLS[0], ["-nostdin", "-v", "error", "-y", ...args]);
}
