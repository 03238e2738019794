// The options of `internvit eval classification`.

import { NAMED_PROTOCOLS } from "@internvit/eval";
import type { Command } from "commander";
import { z } from "zod";

import { evalClassification } from "../commands/eval-classification.ts";
import type { RunCommand } from "./commands.ts";
import { SET_LAYOUTS } from "./data-command.ts";
import { maybe, optionalText, parseOptions, text, wholeNumber } from "./parse-options.ts";
import { addRunArguments, addRunOptions, runOptions } from "./run-options.ts";

const schema = z.object({
  ...runOptions,
  train: text,
  val: z.array(z.string()).min(1, { error: "expected a data set as name=path" }),
  epochs: maybe(wholeNumber({ minimum: 1, maximum: 100_000 })),
  batch: maybe(wholeNumber({ minimum: 2, maximum: 1_000_000 })),
  imageSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  list: optionalText,
  realLabels: optionalText,
});

/** `internvit eval classification` */
export function addEvalClassification(group: Command, run: RunCommand): void {
  const command = group
    .command("classification")
    .description(
      "probe an encoder: train a head on labelled pictures, score it on others; --resume goes on where it was ended",
    );
  addRunArguments(command, Object.keys(NAMED_PROTOCOLS))
    .requiredOption("--train <name=path>", "the labelled pictures that are trained on")
    .requiredOption(
      "--val <name=path...>",
      "sets that are scored: imagenet-1k, imagenet-real, imagenet-v2, imagenet-a, imagenet-r, imagenet-sketch, or any other name with the classes of --train",
    )
    .option("--epochs <n>", "in place of the protocol's")
    .option("--batch <n>", "training pictures of a step, in place of the protocol's")
    .option("--image-size <pixels>", "per edge, in place of the protocol's")
    .option("--list <file>", 'lines "path label" of imagenet-1k where its pictures lie flat')
    .option("--real-labels <file>", "real.json of imagenet-real");
  command.addHelpText("after", SET_LAYOUTS);
  addRunOptions(command).action((raw: Readonly<Record<string, unknown>>) => {
    const options = parseOptions(schema, raw);
    return run((context) => evalClassification(options, context));
  });
}
