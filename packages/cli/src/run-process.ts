// The program as a process: its arguments, streams and signals.

import { Interruption } from "./errors.ts";
import { main } from "./main.ts";

// 128 and the number of the signal, as shells have it.
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const BROKEN_PIPE = 141;

/** Milliseconds that threads have to end by themselves after an interruption. */
const GRACE = 500;

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(): Promise<void> {
  // ONNX Runtime reports its use over the network unless it is told not to.
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  const { stdout, stderr, env } = process;
  const controller = new AbortController();
  const { signal } = controller;
  let killedBy: NodeJS.Signals | undefined;
  const stop = (interruption: Interruption): void => {
    if (!signal.aborted && interruption.message !== "") stderr.write(`${interruption.message}\n`);
    controller.abort(interruption);
    // Also when everything is done and only the output was left to be written.
    process.exitCode = interruption.exitCode;
  };
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    // Once: a second signal ends the process at once.
    process.once(name, () => {
      killedBy = name as NodeJS.Signals;
      stop(new Interruption("interrupted", exitCode));
    });
  }
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Whoever read the output has had enough, as `head` has: end like every other program does.
      if (error.code === "EPIPE") stop(new Interruption("", BROKEN_PIPE));
      else stop(new Interruption(`error: the output cannot be written: ${error.message}`, 1));
    });
  }
  const exitCode = await main(process.argv.slice(2), { stdout, stderr, env, signal });
  process.exitCode ??= exitCode;
  if (killedBy !== undefined) endBySignal(killedBy);
}

/**
 * Files are in order and all is said. What may still be alive is a run of ONNX Runtime, which cannot be stopped and may
 * take seconds: the signal that was caught, sent again with nobody to catch it, ends the process there.
 */
function endBySignal(name: NodeJS.Signals): void {
  setTimeout(() => {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }, GRACE).unref();
}
