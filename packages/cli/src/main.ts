// The program as a function: arguments and streams in, exit code out. It touches no global of the process, so tests
// and other programs can call it.

import { isEvalError } from "@internvit/eval";
import { isHubError } from "@internvit/hub";
import { isModelError } from "@internvit/model-core";
import { isPreprocessError } from "@internvit/preprocess";
import { isRuntimeError } from "@internvit/runtime-node";
import { type Command, CommanderError } from "commander";

import type { Environment } from "@internvit/runtime-node";
import { type DefaultModel, embeddedModel } from "./checkpoints/default-model.ts";
import { Interruption, isCliError } from "./errors.ts";
import type { CliEvent } from "./events.ts";
import { createProgram, globalOptions } from "./options/program.ts";
import { createJsonReport } from "./terminal/json-report.ts";
import type { OutputStream } from "./terminal/output-stream.ts";
import { createTerminalReport } from "./terminal/terminal-report.ts";

/** Options of `main`. */
export interface MainOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Environment variables; only those that say where the cache is are read. */
  readonly env: Environment;
  /** Ends the command when aborted; nothing half-written stays behind. An `Interruption` says the exit code. */
  readonly signal?: AbortSignal;
  /** What is used without `--model`. Default: InternViT-300M-448px-V2_5 with random weights. */
  readonly defaultModel?: DefaultModel;
}

/**
 * Runs the command line `argv` (without node and script) and returns the exit code: 0, 1 for an error, 2 for wrong
 * usage, 128 and the signal's number after an interruption. Never throws.
 */
export async function main(argv: readonly string[], options: MainOptions): Promise<number> {
  const { stdout, stderr, env, signal = new AbortController().signal } = options;
  const { defaultModel = embeddedModel() } = options;
  let exitCode = 0;
  const program = createProgram(async (work) => {
    const report = createReport();
    exitCode = await work({ report, signal, env, defaultModel });
  });
  const createReport = (): ((event: CliEvent) => void) =>
    globalOptions(program).json
      ? createJsonReport({ stdout, stderr })
      : createTerminalReport({ stdout, stderr });
  const output = {
    writeOut: (text: string) => void stdout.write(text),
    writeErr: (text: string) => void stderr.write(text),
    // Said below, like every other error.
    outputError: () => {},
  };
  const commands: readonly Command[] = [program, ...program.commands];
  for (const command of [...commands, ...program.commands.flatMap((group) => group.commands)]) {
    command.configureOutput(output);
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Whoever aborted knows why and has said so.
    if (signal.aborted) return signal.reason instanceof Interruption ? signal.reason.exitCode : 1;
    if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? 0 : 2;
    const described = describeError(error);
    createReport()({ event: "error", code: described.code, message: described.message });
    if (globalOptions(program).verbose) stderr.write(`${stackOf(error)}\n`);
    return described.code === "usage" ? 2 : 1;
  }
}

function isHelp({ code }: CommanderError): boolean {
  return (
    code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version"
  );
}

function describeError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "").replace("\n", " ");
    return { code: "usage", message: `${message} (internvit --help lists commands and options)` };
  }
  if (
    isCliError(error) ||
    isEvalError(error) ||
    isHubError(error) ||
    isModelError(error) ||
    isPreprocessError(error) ||
    isRuntimeError(error)
  ) {
    return { code: error.code, message: error.message };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    code: "unexpected",
    message: `unexpected error: ${what} (--verbose says where; please report it)`,
  };
}

function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let cause = error; cause !== undefined;) {
    stacks.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return stacks.join("\ncaused by ");
}
