// Where the encoder runs: one option for all commands that encode.

import { EXECUTION_PROVIDERS, type ExecutionProvider } from "@internvit/runtime-node";
import type { Command } from "commander";
import type { z } from "zod";

import { oneOf } from "./parse-options.ts";

/** What `--execution-provider` takes. */
export type ProviderChoice = ExecutionProvider | "auto";

const CHOICES = ["auto", ...EXECUTION_PROVIDERS] as const;

/** Schema of the option that `addProviderOption` adds. */
export const providerOption: { readonly executionProvider: z.ZodType<ProviderChoice> } = {
  executionProvider: oneOf(CHOICES),
};

/** Adds `--execution-provider` to a command. */
export function addProviderOption(command: Command): Command {
  return command.option(
    "--execution-provider <name>",
    `what computes: ${EXECUTION_PROVIDERS.join(", ")}, or auto: the first that works (internvit doctor)`,
    "cpu",
  );
}
