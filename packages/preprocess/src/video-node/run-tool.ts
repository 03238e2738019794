// Runs a program without a shell and gives its output as it comes. Reading slowly slows the program down; leaving
// the iteration or aborting the signal kills it, and it has ended by the time that the iteration has.

import { spawn } from "node:child_process";

/** The end of what a failing program wrote is enough to say why. */
const MAX_ERROR_CHARACTERS = 2000;

/** How a program ended. */
export interface ToolResult {
  /** Exit code; null where it was killed or could not be started. */
  readonly code: number | null;
  /** The end of what it wrote to its standard error. */
  readonly errors: string;
}

/**
 * Runs `path` with `args`; yields its standard output in chunks, and returns how it ended.
 *
 * @throws the system's error where it cannot be started; the signal's reason when it is aborted.
 */
export async function* runTool(
  path: string,
  options: { readonly args: readonly string[]; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, ToolResult, undefined> {
  const { args, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-MAX_ERROR_CHARACTERS);
  });
  let failure: unknown;
  const closed = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      failure = error;
      resolve(null);
    });
    child.once("close", resolve);
  });
  const kill = (): void => {
    child.kill("SIGKILL");
    // A pipe that nobody reads would otherwise keep the child's end from being seen.
    child.stdout.destroy();
  };
  signal?.addEventListener("abort", kill, { once: true });
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const code = await closed;
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    return { code, errors: errors.trim() };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", kill);
    if (child.exitCode === null) kill();
    await closed;
  }
}

/** Runs a program to its end and gives all of its output as text. */
export async function readTool(
  path: string,
  options: { readonly args: readonly string[]; readonly signal: AbortSignal | undefined },
): Promise<ToolResult & { readonly output: string }> {
  const run = runTool(path, options);
  const chunks: Uint8Array[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done === true) {
      return { ...next.value, output: Buffer.concat(chunks).toString("utf8") };
    }
    chunks.push(next.value);
  }
}
