// The built program as a user runs it: in a process of its own.

import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program's entry. */
export const BIN = fileURLToPath(new URL("../bin/internvit.js", import.meta.url));

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from `signalOnOutput` to the end; 0 without one. */
  readonly millisecondsToEnd: number;
}

/** Options of `runCli`. */
export interface RunOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sent as soon as something stands on stdout. */
  readonly signalOnOutput?: NodeJS.Signals;
}

/** Runs `internvit` with these arguments until it ends. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return runProgram(process.execPath, [BIN, ...args], options);
}

/** Runs any program until it ends. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd, signalOnOutput }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = "";
    let stderr = "";
    let signalled: number | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (stdout === "" && signalOnOutput !== undefined) {
        signalled = performance.now();
        child.kill(signalOnOutput);
      }
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const millisecondsToEnd = signalled === undefined ? 0 : performance.now() - signalled;
      resolve({ code, signal, stdout, stderr, millisecondsToEnd });
    });
  });
}

/** The events that `--json` wrote. */
export function eventsOf({
  stdout,
}: Pick<Finished, "stdout">): readonly Readonly<Record<string, unknown>>[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A new empty folder that is removed when the scope ends. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "internvit-cli-")));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
