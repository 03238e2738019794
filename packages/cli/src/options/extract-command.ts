// The options of `internvit extract`.

import { DEFAULT_SHARD_SIZE } from "@internvit/runtime-node";
import type { Command } from "commander";
import { z } from "zod";

import { extract } from "../commands/extract.ts";
import { MODEL_HELP, type RunCommand } from "./commands.ts";
import { addFeatureOptions, featureOptions } from "./feature-options.ts";
import {
  flag,
  maybe,
  oneOf,
  optionalText,
  parseOptions,
  text,
  wholeNumber,
  wholeNumberOr,
} from "./parse-options.ts";
import { addDecodeOptions, decodeOptions } from "./picture-options.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";

const schema = z.object({
  ...decodeOptions,
  model: optionalText,
  output: text,
  ...featureOptions,
  batch: wholeNumberOr("auto", { minimum: 1, maximum: 1024 }),
  workers: maybe(wholeNumber({ minimum: 1, maximum: 1024 })),
  sessions: wholeNumberOr("auto", { minimum: 1, maximum: 64 }),
  threads: maybe(wholeNumber({ minimum: 0, maximum: 1024 })),
  shardSize: wholeNumber({ minimum: 1, maximum: 1_000_000 }),
  storage: oneOf(["float32", "float16"]),
  onBadPicture: oneOf(["skip", "fail"]),
  restart: flag,
  verify: flag,
  ...providerOption,
  ...dtypeOption,
});

/** `internvit extract` */
export function addExtract(program: Command, run: RunCommand): void {
  const described = program
    .command("extract")
    .description(
      "write the features of any number of pictures in shards; the same command goes on where it was ended",
    )
    .argument("<source...>", "folder, list of paths (.txt), glob pattern in quotes, or image files")
    .requiredOption("--output <dir>", "folder for the shards, their indexes and manifest.json")
    .option("--model <dir|id>", MODEL_HELP);
  const command = addFeatureOptions(described)
    .option("--batch <n|auto>", "pictures that are encoded together; auto tries at the start", "1")
    .option("--workers <n>", "threads that read and decode (default: as the encoder needs)")
    .option(
      "--sessions <n|auto>",
      "encoders that share the pictures; auto: up to 4 on the CPU, as memory allows",
      "auto",
    )
    .option(
      "--threads <n>",
      "threads per operator of each (default: what machine and container allow, shared)",
    )
    .option("--shard-size <n>", "pictures in a shard", String(DEFAULT_SHARD_SIZE))
    .option("--storage <type>", "float32, or float16 for half the space", "float32")
    .option(
      "--on-bad-picture <what>",
      "skip: leave it out, say why in the shard's index, exit with 1 at the end; fail: end there",
      "skip",
    )
    .option("--restart", "remove what an extraction left in the folder and start anew")
    .option("--verify", "when going on, compare finished shards with their hashes");
  addProviderOption(addDtypeOption(addDecodeOptions(command))).action(
    (sources: readonly string[], raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      return run((context) => extract({ ...options, sources }, context));
    },
  );
}
