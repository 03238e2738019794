// The options of `internvit segment`.

import type { Command } from "commander";
import { z } from "zod";

import { segment } from "../commands/segment.ts";
import { MODEL_HELP, type RunCommand } from "./commands.ts";
import {
  flag,
  maybe,
  oneOf,
  optionalText,
  parseOptions,
  positiveDecimals,
  share,
  text,
  wholeNumber,
  wholeNumberOr,
} from "./parse-options.ts";
import { addLimitOptions, decodeOptions } from "./picture-options.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";

const { maxPixels, maxSide } = decodeOptions;

const schema = z.object({
  maxPixels,
  maxSide,
  orientation: oneOf(["ignore", "apply"]),
  head: text,
  model: optionalText,
  otherModel: flag,
  output: text,
  opacity: share,
  scales: maybe(positiveDecimals),
  flip: flag,
  sessions: wholeNumberOr("auto", { minimum: 1, maximum: 64 }),
  threads: maybe(wholeNumber({ minimum: 0, maximum: 1024 })),
  ...providerOption,
  ...dtypeOption,
});

/** `internvit segment` */
export function addSegment(program: Command, run: RunCommand): void {
  const command = program
    .command("segment")
    .description("say with a trained head what every pixel of pictures shows")
    .argument("<source...>", "folder, list of paths (.txt), glob pattern in quotes, or image files")
    .requiredOption("--head <file>", "a head that `eval segmentation` trained")
    .requiredOption(
      "--output <dir>",
      "folder for <name>.labels.png, <name>.overlay.png and legend.json",
    )
    .option("--model <dir|id>", `of a head on a frozen encoder: ${MODEL_HELP}`)
    .option("--other-model", "take a model with other weights than the head was trained on")
    .option("--opacity <share>", "of the colours in overlays, 0 to 1", "0.5")
    .option("--scales <n,n,…>", "average probabilities over these sizes (default: the head's)")
    .option("--flip", "average over mirrored pictures too")
    .option("--orientation <what>", "EXIF: apply, as in training, or ignore", "apply")
    .option(
      "--sessions <n|auto>",
      "encoders that share the windows; auto: as memory allows",
      "auto",
    )
    .option("--threads <n>", "threads per operator (default: what machine and container allow)");
  addProviderOption(addDtypeOption(addLimitOptions(command))).action(
    (sources: readonly string[], raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      return run((context) => segment({ ...options, sources }, context));
    },
  );
}
