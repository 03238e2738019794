// The options of `internvit doctor`.

import type { Command } from "commander";
import { z } from "zod";

import { doctor } from "../commands/doctor.ts";
import type { RunCommand } from "./commands.ts";
import { flag, maybe, parseOptions } from "./parse-options.ts";
import { providerOption } from "./provider-option.ts";

const address: z.ZodType<string> = z
  .string()
  .regex(/^https?:\/\/\S+$/, { error: "expected an address that begins with http" });

const sha512: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-fA-F]{128}$/, { error: "expected 128 hexadecimal digits" })
  .transform((value) => value.toLowerCase());

const schema = z.object({
  executionProvider: maybe(providerOption.executionProvider),
  fixCuda: flag,
  from: maybe(address),
  sha512: maybe(sha512),
});

/** `internvit doctor` */
export function addDoctor(program: Command, run: RunCommand): void {
  program
    .command("doctor")
    .description("say what this machine can run the encoder on, what is missing, and what to do")
    .option("--execution-provider <name>", "exit with 1 when this one cannot be used")
    .option("--fix-cuda", "fetch ONNX Runtime's CUDA libraries first (Linux x64)")
    .option("--from <url>", "with --fix-cuda: a mirror: its service index, or the .nupkg itself")
    .option(
      "--sha512 <hex>",
      "with --fix-cuda: the hash of the package, where nuget.org cannot be asked",
    )
    .action((raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      return run((context) => doctor(options, context));
    });
}
