// The options of `internvit eval segmentation`.

import { NAMED_SEGMENTATION_PROTOCOLS } from "@internvit/eval";
import type { Command } from "commander";
import { z } from "zod";

import { evalSegmentation } from "../commands/eval-segmentation.ts";
import type { RunCommand } from "./commands.ts";
import { flag, maybe, optionalText, parseOptions, text, wholeNumber } from "./parse-options.ts";
import { addRunArguments, addRunOptions, runOptions } from "./run-options.ts";

/** Factors with commas between them. */
const factors: z.ZodType<readonly number[]> = z
  .string()
  .regex(/^\d+(\.\d+)?(,\d+(\.\d+)?)*$/, { error: "expected factors such as 0.75,1,1.25" })
  .transform((value) => value.split(",").map(Number))
  .refine((values) => values.every((value) => value > 0 && value <= 8) && values.length <= 16, {
    error: "expected up to 16 factors above 0, at most 8",
  });

const schema = z.object({
  ...runOptions,
  dataset: text,
  root: text,
  classes: optionalText,
  ignoredLabel: maybe(wholeNumber({ minimum: 0, maximum: 65_535 })),
  iterations: maybe(wholeNumber({ minimum: 1, maximum: 100_000_000 })),
  batch: maybe(wholeNumber({ minimum: 1, maximum: 1_000_000 })),
  cropSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  scoreEvery: maybe(wholeNumber({ minimum: 1, maximum: 100_000_000 })),
  whole: flag,
  flip: flag,
  scales: maybe(factors),
});

/** `internvit eval segmentation` */
export function addEvalSegmentation(group: Command, run: RunCommand): void {
  const command = group
    .command("segmentation")
    .description(
      "probe an encoder: train a head on pictures with a class for every pixel, score it on others; --resume goes on where it was ended",
    );
  addRunArguments(command, Object.keys(NAMED_SEGMENTATION_PROTOCOLS))
    .requiredOption(
      "--dataset <name>",
      "ade20k, coco-stuff-164k, or folder (or any other name) for folders of your own",
    )
    .requiredOption("--root <dir>", "folder of the set: pictures and label PNGs of train and val")
    .option(
      "--classes <file>",
      "names of the values in label PNGs from 0, a line each (default: classes.txt in --root)",
    )
    .option("--ignored-label <n>", "value of pixels without a class, beside 255")
    .option("--iterations <n>", "in place of the protocol's")
    .option("--batch <n>", "crops of an iteration, in place of the protocol's")
    .option(
      "--crop-size <pixels>",
      "per edge, in place of the protocol's; windows, sides and limits in the same ratio",
    )
    .option("--score-every <n>", "iterations between two scorings, in place of the protocol's")
    .option("--whole", "segment each picture as one window")
    .option("--flip", "segment each picture mirrored as well")
    .option("--scales <factors>", "segment each picture at several sizes, such as 0.75,1,1.25");
  addRunOptions(command).action((raw: Readonly<Record<string, unknown>>) => {
    const options = parseOptions(schema, raw);
    return run((context) => evalSegmentation(options, context));
  });
}
