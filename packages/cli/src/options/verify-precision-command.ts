// The options of `internvit verify-precision`.

import type { EncoderDtype } from "@internvit/model-core";
import type { Command } from "commander";
import { z } from "zod";

import { verifyPrecision } from "../commands/verify-precision.ts";
import type { RunCommand } from "./commands.ts";
import { addFeatureOptions, featureOptions } from "./feature-options.ts";
import { maybe, oneOf, optionalText, parseOptions, wholeNumber } from "./parse-options.ts";
import { addDecodeOptions, decodeOptions } from "./picture-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";

const CONVERTED = ["q8", "q8-dynamic", "q4", "f16"] as const satisfies readonly EncoderDtype[];

const cosine = z
  .string()
  .regex(/^(0(\.\d+)?|1(\.0+)?)$/, { error: "expected a number from 0 to 1" })
  .transform(Number);

const schema = z.object({
  ...decodeOptions,
  model: optionalText,
  dtype: oneOf(CONVERTED),
  ...featureOptions,
  minCosine: maybe(cosine),
  threads: wholeNumber({ minimum: 0, maximum: 1024 }),
  ...providerOption,
});

/** `internvit verify-precision` */
export function addVerifyPrecision(program: Command, run: RunCommand): void {
  const described = program
    .command("verify-precision")
    .description("compare a dtype with float32 on your own pictures")
    .argument("<images...>", "image files")
    .option("--model <dir|id>", "checkpoint folder or Hugging Face id (default: random weights)")
    .option("--dtype <format>", "f16, q8, q8-dynamic or q4", "q8");
  const command = addFeatureOptions(described, "last_hidden_state,pooler_output")
    .option("--min-cosine <x>", "exit with 1 when any token is below")
    .option("--threads <n>", "threads per operator; 0: what machine and container allow", "0");
  addProviderOption(addDecodeOptions(command)).action(
    (images: readonly string[], raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      return run((context) => verifyPrecision({ ...options, images }, context));
    },
  );
}
