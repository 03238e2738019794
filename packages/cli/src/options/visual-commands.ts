// The commands between pictures and visual tokens.

import type { Command } from "commander";
import { z } from "zod";

import { tiles } from "../commands/tiles.ts";
import { tokens } from "../commands/tokens.ts";
import { OUTPUT_HELP, type RunCommand } from "./commands.ts";
import {
  maybe,
  oneOf,
  optionalText,
  parseOptions,
  positiveNumbers,
  signedNumber,
  text,
  timeRange,
  wholeNumber,
} from "./parse-options.ts";
import { addDecodeOptions, decodeOptions } from "./picture-options.ts";
import { addProviderOption, providerOption } from "./provider-option.ts";
import { addDtypeOption, dtypeOption } from "./precision-options.ts";
import { addTilingOptions, tilingOptions } from "./tiling-options.ts";

type RawOptions = Readonly<Record<string, unknown>>;

const tilesSchema = z.object({ ...decodeOptions, ...tilingOptions, output: text });

/** `internvit tiles` */
export function addTiles(program: Command, run: RunCommand): void {
  const command = program
    .command("tiles")
    .description("cut one picture into tiles as InternVL does, and draw a contact sheet")
    .argument("<image>", "image file")
    .requiredOption("--output <dir>", "folder for tile-NN.png, thumbnail.png, contact-sheet.png");
  addDecodeOptions(addTilingOptions(command, { defaults: "" })).action(
    (image: string, raw: RawOptions) => {
      const options = parseOptions(tilesSchema, raw);
      return run((context) => tiles({ ...options, image }, context));
    },
  );
}

const tokensSchema = z.object({
  ...decodeOptions,
  ...tilingOptions,
  video: optionalText,
  frames: wholeNumber({ minimum: 1, maximum: 4096 }),
  clip: maybe(timeRange),
  decoder: oneOf(["auto", "mediabunny", "ffmpeg"]),
  pixelValues: optionalText,
  tilesPerImage: maybe(positiveNumbers),
  tileBudget: oneOf(["shared", "per-image"]),
  model: text,
  projector: optionalText,
  selectLayer: maybe(signedNumber),
  question: maybe(z.string()),
  system: maybe(z.string()),
  labels: oneOf(["hyphen", "plain"]),
  output: text,
  threads: wholeNumber({ minimum: 0, maximum: 1024 }),
  ...providerOption,
  ...dtypeOption,
});

/** `internvit tokens` */
export function addTokens(program: Command, run: RunCommand): void {
  const command = program
    .command("tokens")
    .description("write the visual tokens of pictures or a video, and the prompt they belong into")
    .argument("[images...]", "image files of one conversation, in order")
    .requiredOption("--output <file>", OUTPUT_HELP)
    .requiredOption("--model <dir|id>", "checkpoint folder or Hugging Face id of a chat model")
    .option("--projector <file>", "a projector that was saved alone")
    .option("--video <file>", "a video, an animated GIF or a folder of frames in place of images")
    .option("--frames <n>", "frames of the video, evenly spread", "8")
    .option("--clip <start-end>", "seconds of the video, such as 2.5-10 (default: all)")
    .option("--decoder <name>", "video decoder: auto, mediabunny or ffmpeg", "auto")
    .option("--pixel-values <file:key>", "a safetensors tensor of prepared tiles")
    .option("--tiles-per-image <n,n,…>", "how many of those tiles each picture has (default: all)")
    .option("--tile-budget <how>", "--max-tiles is shared by the pictures, or per-image", "shared")
    .option("--select-layer <n>", "hidden state to project, from the end below 0")
    .option("--question <text>", "what the user asks about the pictures")
    .option("--system <text>", "makes the prompt a ChatML conversation with this system text")
    .option("--labels <style>", "hyphen (Image-1:) or plain (Image1:)", "hyphen")
    .option("--threads <n>", "threads per operator; 0: what machine and container allow", "0");
  addProviderOption(
    addDtypeOption(
      addDecodeOptions(addTilingOptions(command, { defaults: "the checkpoint's, else " })),
    ),
  ).action((images: readonly string[], raw: RawOptions) => {
    const options = parseOptions(tokensSchema, raw);
    return run((context) => tokens({ ...options, images }, context));
  });
}
