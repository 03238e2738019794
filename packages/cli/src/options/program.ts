// The command line as a whole.

import { Command } from "commander";

import { VERSION } from "../version.ts";
import {
  addEmbed,
  addInspect,
  addPreprocess,
  addPresets,
  addShow,
  addSynthesize,
  type RunCommand,
} from "./commands.ts";
import { addData } from "./data-command.ts";
import { addDoctor } from "./doctor-command.ts";
import { addEval } from "./eval-commands.ts";
import { addExport } from "./export-command.ts";
import { addExtract } from "./extract-command.ts";
import { addDownload, addModels, addVerify } from "./hub-commands.ts";
import { addSegment } from "./segment-command.ts";
import { addVerifyPrecision } from "./verify-precision-command.ts";
import { addTiles, addTokens } from "./visual-commands.ts";

/** The options that every command has. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** The program, ready to parse. It neither writes errors nor ends the process. */
export function createProgram(run: RunCommand): Command {
  const program = new Command("internvit")
    .description("InternViT image features from the command line")
    .version(VERSION)
    .option("--json", "say everything as lines of JSON on stdout")
    .option("--verbose", "with an error, say where in the program it came from")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const add of [
    addEmbed,
    addExtract,
    addPreprocess,
    addInspect,
    addSynthesize,
    addPresets,
    addShow,
    addTiles,
    addTokens,
    addModels,
    addDownload,
    addVerify,
    addVerifyPrecision,
    addData,
    addEval,
    addSegment,
    addExport,
    addDoctor,
  ]) {
    add(program, run);
  }
  return program;
}

/** The global options as far as they were read. */
export function globalOptions(program: Command): GlobalOptions {
  const { json, verbose } = program.opts<{ json?: boolean; verbose?: boolean }>();
  return { json: json === true, verbose: verbose === true };
}
