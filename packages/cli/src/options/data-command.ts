// The options of `internvit data verify`.

import type { Command } from "commander";
import { z } from "zod";

import { verifyData } from "../commands/data-verify.ts";
import { CliError } from "../errors.ts";
import type { RunCommand } from "./commands.ts";
import { flag, maybe, optionalText, parseOptions, wholeNumber } from "./parse-options.ts";

/** All pictures, or this many. */
const howMany: z.ZodType<"all" | number> = z.union(
  [
    z.literal("all"),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ],
  { error: "expected all, or a number of pictures" },
);

/** What may stand at the path of a set, for the help of commands. */
export const SET_LAYOUTS: string =
  "\nA set is a folder with a folder for each class, a CSV with path and label, Parquet or tar files (WebDataset), or a folder that holds one of these as train and val.";

const schema = z.object({
  train: optionalText,
  decode: howMany,
  duplicates: howMany,
  list: optionalText,
  realLabels: optionalText,
  segmentation: flag,
  classes: optionalText,
  ignoredLabel: maybe(wholeNumber({ minimum: 0, maximum: 65_535 })),
});

/** `internvit data` */
export function addData(program: Command, run: RunCommand): void {
  program
    .command("data")
    .description("look after data sets of labelled pictures")
    .command("verify")
    .description(
      "check counts, names, labels and pictures of data sets; exit with 1 when something is wrong",
    )
    .argument(
      "[name=path...]",
      "sets to be scored: imagenet-1k, imagenet-real, imagenet-v2, imagenet-a, imagenet-r, imagenet-sketch, ade20k, coco-stuff-164k, or any other name",
    )
    .option("--train <name=path>", "the set that is trained on")
    .option("--decode <n>", "decode this many pictures of each set, spread over it, or all", "1000")
    .option(
      "--duplicates <n>",
      "look for this many pictures of each set in the one that is trained on, or all",
      "1000",
    )
    .option(
      "--list <file>",
      'lines "path label" of the pictures of imagenet-1k that lie side by side',
    )
    .option("--real-labels <file>", "real.json of imagenet-real")
    .option("--segmentation", "sets that are not known by name are pictures and label PNGs")
    .option(
      "--classes <file>",
      "names of the values in their label PNGs from 0, a line each (default: classes.txt beside them)",
    )
    .option("--ignored-label <n>", "value of pixels without a class in such sets, beside 255")
    .addHelpText("after", SET_LAYOUTS)
    .action((sets: readonly string[], raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      if (!options.segmentation && (options.classes ?? options.ignoredLabel) !== undefined) {
        throw new CliError("usage", "--classes, --ignored-label: belong to --segmentation");
      }
      if (sets.length === 0 && options.train === undefined) {
        throw new CliError("usage", "expected a data set as name=path, or --train, found neither");
      }
      return run((context) => verifyData({ ...options, sets }, context));
    });
}
