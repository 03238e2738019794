// The options that all runs of `internvit eval` have: where they run, what they write, and how they are gone on with.

import { MAX_SEED } from "@internvit/model-core";
import type { Command } from "commander";
import type { z } from "zod";

import type { RunRequest } from "../commands/run-request.ts";
import { MODEL_HELP } from "./commands.ts";
import { flag, maybe, optionalText, text, wholeNumber, wholeNumberOr } from "./parse-options.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";

/** Schema of the options that `addRunOptions` adds. */
export const runOptions: {
  readonly [Name in keyof RunRequest]: z.ZodType<RunRequest[Name]>;
} = {
  protocol: text,
  model: optionalText,
  output: text,
  seed: maybe(wholeNumber({ minimum: 0, maximum: MAX_SEED })),
  encodeBatch: wholeNumber({ minimum: 1, maximum: 1024 }),
  sessions: wholeNumberOr("auto", { minimum: 1, maximum: 64 }),
  threads: maybe(wholeNumber({ minimum: 0, maximum: 1024 })),
  resume: flag,
  dryRun: flag,
  ...providerOption,
  ...dtypeOption,
};

/** Adds `--protocol` with the names that there are, and `--output`: what a run must be told. */
export function addRunArguments(command: Command, names: readonly string[]): Command {
  return command
    .requiredOption("--protocol <name|file>", `${names.join(", ")}, or a JSON file of your own`)
    .requiredOption("--output <dir>", "folder for protocol, results, head, features and state");
}

/** Adds what may be left out. */
export function addRunOptions(command: Command): Command {
  command
    .option("--model <dir|id>", MODEL_HELP)
    .option("--seed <n>", "in place of the protocol's")
    .option("--encode-batch <n>", "pictures in one run of the encoder", "1")
    .option(
      "--sessions <n|auto>",
      "encoders that share the pictures; auto: up to 4 on the CPU",
      "auto",
    )
    .option(
      "--threads <n>",
      "threads per operator of each, and of the head (default: what the machine allows)",
    )
    .option("--resume", "go on with the run that is in the folder")
    .option(
      "--dry-run",
      "say what would be done, how long it takes and what it writes; write nothing",
    )
    .addHelpText(
      "after",
      "\nA protocol is a value to copy: --dry-run --json prints the whole of it, ready to be changed and saved.",
    );
  return addProviderOption(addDtypeOption(command));
}
