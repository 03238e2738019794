// The option of every command that runs the encoder: in which number format.

import { ENCODER_DTYPES, type EncoderDtype } from "@internvit/model-core";
import type { Command } from "commander";
import type { z } from "zod";

import { oneOf } from "./parse-options.ts";

/** Schema of the option that `addDtypeOption` adds. */
export const dtypeOption: { readonly dtype: z.ZodType<EncoderDtype> } = {
  dtype: oneOf(ENCODER_DTYPES),
};

/** Adds `--dtype` to a command. */
export function addDtypeOption(command: Command): Command {
  return command.option(
    "--dtype <format>",
    "f32, f16 (for GPUs), q8, q8-dynamic (fastest) or q4 (smallest); converted once and cached",
    "f32",
  );
}
