// `internvit eval`: the group of commands that measure encoders.

import type { Command } from "commander";

import type { RunCommand } from "./commands.ts";
import { addEvalClassification } from "./eval-classification-command.ts";
import { addEvalSegmentation } from "./eval-segmentation-command.ts";
import { addEvalCompare, addEvalReport } from "./eval-result-commands.ts";

/** `internvit eval` */
export function addEval(program: Command, run: RunCommand): void {
  const group = program.command("eval").description("measure what encoders know");
  addEvalClassification(group, run);
  addEvalSegmentation(group, run);
  addEvalCompare(group, run);
  addEvalReport(group, run);
}
