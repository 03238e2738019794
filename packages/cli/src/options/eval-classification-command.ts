// The options of `internvit eval classification`.

import { NAMED_PROTOCOLS } from "@internvit/eval";
import { MAX_SEED } from "@internvit/model-core";
import type { Command } from "commander";
import { z } from "zod";

import { evalClassification } from "../commands/eval-classification.ts";
import { MODEL_HELP, type RunCommand } from "./commands.ts";
import {
  flag,
  maybe,
  optionalText,
  parseOptions,
  text,
  wholeNumber,
  wholeNumberOr,
} from "./parse-options.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";

const schema = z.object({
  protocol: text,
  model: optionalText,
  train: text,
  val: z.array(z.string()).min(1, { error: "expected a data set as name=path" }),
  output: text,
  epochs: maybe(wholeNumber({ minimum: 1, maximum: 100_000 })),
  batch: maybe(wholeNumber({ minimum: 2, maximum: 1_000_000 })),
  seed: maybe(wholeNumber({ minimum: 0, maximum: MAX_SEED })),
  imageSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  list: optionalText,
  realLabels: optionalText,
  encodeBatch: wholeNumber({ minimum: 1, maximum: 1024 }),
  sessions: wholeNumberOr("auto", { minimum: 1, maximum: 64 }),
  threads: maybe(wholeNumber({ minimum: 0, maximum: 1024 })),
  resume: flag,
  dryRun: flag,
  ...providerOption,
  ...dtypeOption,
});

/** `internvit eval classification` */
export function addEvalClassification(group: Command, run: RunCommand): void {
  const command = group
    .command("classification")
    .description(
      "probe an encoder: train a head on labelled pictures, score it on others; --resume goes on where it was ended",
    )
    .requiredOption(
      "--protocol <name|file>",
      `${Object.keys(NAMED_PROTOCOLS).join(", ")}, or a JSON file of your own`,
    )
    .requiredOption("--train <name=path>", "the labelled pictures that are trained on")
    .requiredOption(
      "--val <name=path...>",
      "sets that are scored: imagenet-1k, imagenet-real, imagenet-v2, imagenet-a, imagenet-r, imagenet-sketch, or any other name with the classes of --train",
    )
    .requiredOption("--output <dir>", "folder for protocol, results, head, features and state")
    .option("--model <dir|id>", MODEL_HELP)
    .option("--epochs <n>", "in place of the protocol's")
    .option("--batch <n>", "training pictures of a step, in place of the protocol's")
    .option("--seed <n>", "in place of the protocol's")
    .option("--image-size <pixels>", "per edge, in place of the protocol's")
    .option("--list <file>", 'lines "path label" of imagenet-1k where its pictures lie flat')
    .option("--real-labels <file>", "real.json of imagenet-real")
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
  addProviderOption(addDtypeOption(command)).action((raw: Readonly<Record<string, unknown>>) => {
    const options = parseOptions(schema, raw);
    return run((context) => evalClassification(options, context));
  });
}
