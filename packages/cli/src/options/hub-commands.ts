// The commands around the Hugging Face hub and its cache.

import type { Command } from "commander";
import { z } from "zod";

import { downloadToCache, listModels, verify } from "../commands/hub.ts";
import type { RunCommand } from "./commands.ts";
import { flag, oneOf, parseOptions } from "./parse-options.ts";

type RawOptions = Readonly<Record<string, unknown>>;

const PARTS = ["encoder", "encoder-and-projector", "everything"] as const;
const PARTS_HELP = `${PARTS.join(", ")}; of a chat model only the tensors that are needed come`;

/** `internvit models` */
export function addModels(program: Command, run: RunCommand): void {
  program
    .command("models")
    .description("list the published models with their sizes, and what is in the cache")
    .action(() => run(listModels));
}

const downloadSchema = z.object({ parts: oneOf(PARTS) });

/** `internvit download` */
export function addDownload(program: Command, run: RunCommand): void {
  program
    .command("download")
    .description("download a model into the Hugging Face cache; goes on where it was interrupted")
    .argument("<id>", "owner/name, or owner/name@revision")
    .option("--parts <what>", PARTS_HELP, "encoder-and-projector")
    .action((model: string, raw: RawOptions) => {
      const options = parseOptions(downloadSchema, raw);
      return run((context) => downloadToCache({ ...options, model }, context));
    });
}

const verifySchema = z.object({ parts: oneOf(PARTS), repair: flag });

/** `internvit verify` */
export function addVerify(program: Command, run: RunCommand): void {
  program
    .command("verify")
    .description("compare a model's files with their hashes; exit with 1 when one is wrong")
    .argument("<id|dir>", "a model in the cache, or a folder of it")
    .option("--parts <what>", PARTS_HELP, "encoder-and-projector")
    .option("--repair", "download what is wrong again")
    .action((model: string, raw: RawOptions) => {
      const options = parseOptions(verifySchema, raw);
      return run((context) => verify({ ...options, model }, context));
    });
}
