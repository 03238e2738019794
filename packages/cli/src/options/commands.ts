// The options of each command. Their text becomes typed values by zod before a command sees it.

import { MAX_SEED, presetNames } from "@internvit/model-core";
import type { Command } from "commander";
import { z } from "zod";
import { PREPARATION_MODES } from "@internvit/runtime-node";

import { embed } from "../commands/embed.ts";
import { inspect } from "../commands/inspect.ts";
import { preprocess } from "../commands/preprocess.ts";
import { listPresets } from "../commands/presets.ts";
import { show } from "../commands/show.ts";
import { synthesize } from "../commands/synthesize.ts";
import type { CommandContext } from "../context.ts";
import { addFeatureOptions, featureOptions } from "./feature-options.ts";
import { flag, oneOf, optionalText, parseOptions, text, wholeNumber } from "./parse-options.ts";
import { addPictureOptions, pictureOptions } from "./picture-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";

/** Runs a command's work in its surroundings. */
export type RunCommand = (work: (context: CommandContext) => Promise<number>) => Promise<void>;

type RawOptions = Readonly<Record<string, unknown>>;

/** What `--model` takes. */
export const MODEL_HELP: string =
  "checkpoint folder or Hugging Face id (default: an embedded model of random weights)";
/** What `--output` takes. */
export const OUTPUT_HELP = "file to write: .safetensors, .npy (one tensor) or .jsonl";

const embedSchema = z.object({
  ...pictureOptions,
  pixelValues: optionalText,
  model: optionalText,
  output: text,
  ...featureOptions,
  batchSize: wholeNumber({ minimum: 1, maximum: 1024 }),
  threads: wholeNumber({ minimum: 0, maximum: 1024 }),
  ...providerOption,
  ...dtypeOption,
});

/** `internvit embed` */
export function addEmbed(program: Command, run: RunCommand): void {
  const described = program
    .command("embed")
    .description("write the features of pictures to a file")
    .argument("[images...]", "image files: JPEG, PNG, WebP, GIF, TIFF or AVIF")
    .requiredOption("--output <file>", OUTPUT_HELP)
    .option("--model <dir|id>", MODEL_HELP);
  const command = addFeatureOptions(described)
    .option(
      "--pixel-values <file:key>",
      "a safetensors tensor of prepared pixels in place of images",
    )
    .option("--batch-size <n>", "pictures that are encoded together", "1")
    .option("--threads <n>", "threads per operator; 0: what machine and container allow", "0");
  addProviderOption(addDtypeOption(addPictureOptions(command))).action(
    (images: readonly string[], raw: RawOptions) => {
      const options = parseOptions(embedSchema, raw);
      return run((context) => embed({ ...options, images }, context));
    },
  );
}

const preprocessSchema = z.object({
  ...pictureOptions,
  mode: oneOf(PREPARATION_MODES),
  config: optionalText,
  dtype: oneOf(["uint8", "float32"]),
  output: text,
});

/** `internvit preprocess` */
export function addPreprocess(program: Command, run: RunCommand): void {
  const command = program
    .command("preprocess")
    .description("write the encoder's input for pictures to a file")
    .argument("<images...>", "image files: JPEG, PNG, WebP, GIF, TIFF or AVIF")
    .requiredOption("--output <file>", OUTPUT_HELP)
    .option("--mode <mode>", "clip (shortest edge and centre crop) or square (squash)", "clip")
    .option("--config <file>", "preprocessor_config.json (default: the published one, 448 pixels)")
    .option("--dtype <type>", "uint8: pixels [n,h,w,3]; float32: pixel_values [n,3,h,w]", "uint8");
  addPictureOptions(command).action((images: readonly string[], raw: RawOptions) => {
    const options = parseOptions(preprocessSchema, raw);
    return run((context) => preprocess({ ...options, images }, context));
  });
}

/** `internvit inspect` */
export function addInspect(program: Command, run: RunCommand): void {
  program
    .command("inspect")
    .description("say what is in a checkpoint folder; exit with 1 when it cannot be used")
    .argument("<dir>", "checkpoint folder")
    .action((directory: string) => run((context) => inspect({ directory }, context)));
}

const DTYPES = { bf16: "bfloat16", f16: "float16", f32: "float32" } as const;

const synthesizeSchema = z.object({
  seed: wholeNumber({ minimum: 0, maximum: MAX_SEED }),
  dtype: oneOf(["bf16", "f16", "f32"]),
  outliers: flag,
  output: text,
  force: flag,
});

/** `internvit synthesize` */
export function addSynthesize(program: Command, run: RunCommand): void {
  program
    .command("synthesize")
    .description("write a checkpoint of seeded random weights; same seed, same bytes")
    .argument("<preset|config.json>", "what `internvit presets` lists, or a file")
    .requiredOption("--output <dir>", "folder to write")
    .option("--seed <n>", "0 to 4294967295", "0")
    .option("--dtype <type>", "bf16, f16 or f32", "bf16")
    .option(
      "--outliers",
      "a few norm and residual channels 50 times larger, as trained weights have",
    )
    .option("--force", "replace a checkpoint that is there already")
    .addHelpText("after", `\nPresets:\n${presetNames.map((name) => `  ${name}`).join("\n")}`)
    .action((architecture: string, raw: RawOptions) => {
      const options = parseOptions(synthesizeSchema, raw);
      const dtype = DTYPES[options.dtype];
      return run((context) => synthesize({ ...options, architecture, dtype }, context));
    });
}

/** `internvit presets` */
export function addPresets(program: Command, run: RunCommand): void {
  program
    .command("presets")
    .description("list the architectures that synthesize knows by name")
    .action(() => run(listPresets));
}

const showSchema = z.object({
  model: optionalText,
  output: text,
  ...providerOption,
  ...dtypeOption,
});

/** `internvit show` */
export function addShow(program: Command, run: RunCommand): void {
  const command = program
    .command("show")
    .description("encode one picture, say what happened, and draw its features as colours")
    .argument("<image>", "image file")
    .option("--model <dir|id>", MODEL_HELP)
    .option("--output <dir>", "folder for features.safetensors and features.png", "output");
  addProviderOption(addDtypeOption(command)).action((image: string, raw: RawOptions) => {
    const options = parseOptions(showSchema, raw);
    return run((context) => show({ ...options, image }, context));
  });
}
