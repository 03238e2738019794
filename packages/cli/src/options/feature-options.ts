// The options that say which features are wanted, and of which part of a picture.

import type { EncoderOutput } from "@internvit/model-core";
import { PREPARATION_MODES } from "@internvit/runtime-node";
import type { Command } from "commander";
import { z } from "zod";

import { oneOf } from "./parse-options.ts";

const NAME = /^(last_hidden_state|pooler_output|patch_mean|hidden_states\.(0|[1-9]\d{0,3}))$/;

/** Names with commas between them. Whether the model has that many layers is seen when it is opened. */
const outputNames: z.ZodType<readonly EncoderOutput[]> = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .refine((names) => names.every((name) => NAME.test(name)), {
    error:
      "expected pooler_output, last_hidden_state, patch_mean or hidden_states.N with commas between them",
  })
  .refine((names) => new Set(names).size === names.length, { error: "expected each output once" })
  .transform((names) => names as EncoderOutput[]);

/** Schema of the options that `addFeatureOptions` adds. */
export const featureOptions: {
  readonly outputs: typeof outputNames;
  readonly preprocess: z.ZodType<(typeof PREPARATION_MODES)[number]>;
} = { outputs: outputNames, preprocess: oneOf(PREPARATION_MODES) };

/** Adds the options of the wanted features to a command; `outputs` are its default. */
export function addFeatureOptions(command: Command, outputs = "pooler_output"): Command {
  return command
    .option(
      "--outputs <names>",
      "pooler_output, last_hidden_state, patch_mean, hidden_states.N, with commas",
      outputs,
    )
    .option("--preprocess <mode>", "clip (crop as the checkpoint says) or square (squash)", "clip");
}
