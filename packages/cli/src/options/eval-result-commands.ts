// The options of the commands that look at results: `internvit eval compare` and `internvit eval report`.

import type { Command } from "commander";
import { z } from "zod";

import { evalCompare } from "../commands/eval-compare.ts";
import { evalReport } from "../commands/eval-tables.ts";
import type { RunCommand } from "./commands.ts";
import { maybe, optionalText, parseOptions, wholeNumber } from "./parse-options.ts";

/** `internvit eval compare` */
export function addEvalCompare(group: Command, run: RunCommand): void {
  group
    .command("compare")
    .description("say what differs between two results, and by how much their scores do")
    .argument("<first>", "a results.json, or the folder of a run")
    .argument("<second>", "the same")
    .action((first: string, second: string) =>
      run((context) => evalCompare({ first, second }, context)),
    );
}

const reportSchema = z.object({
  html: optionalText,
  data: z.array(z.string()).default([]),
  ignoredLabel: maybe(wholeNumber({ minimum: 0, maximum: 65_535 })),
});

/** `internvit eval report` */
export function addEvalReport(group: Command, run: RunCommand): void {
  group
    .command("report")
    .description(
      "print a result as a table beside the published one, or several as the report's tables of classification and segmentation in Markdown",
    )
    .argument("<results...>", "results.json, or the folders of runs")
    .option("--html <file>", "write one result as a page with curves, classes and pictures")
    .option("--data <name=path...>", "sets whose pictures the page shows")
    .option("--ignored-label <n>", "value without a class in label PNGs of your own, beside 255")
    .action((results: readonly string[], raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(reportSchema, raw);
      return run((context) => evalReport({ ...options, results }, context));
    });
}
