// The options that every command has which reads pictures.

import type { Command } from "commander";
import type { z } from "zod";

import { flag, maybe, oneOf, wholeNumber } from "./parse-options.ts";

/** Schema of the options that `addPictureOptions` adds. */
export const pictureOptions: {
  readonly imageSize: z.ZodType<number | undefined>;
  readonly orientation: z.ZodType<"ignore" | "apply">;
  readonly maxPixels: z.ZodType<number | undefined>;
  readonly maxSide: z.ZodType<number | undefined>;
  readonly keepGoing: z.ZodType<boolean>;
} = {
  imageSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  orientation: oneOf(["ignore", "apply"]),
  maxPixels: maybe(wholeNumber({ minimum: 1 })),
  maxSide: maybe(wholeNumber({ minimum: 1 })),
  keepGoing: flag,
};

/** Adds the options to a command. */
export function addPictureOptions(command: Command): Command {
  return command
    .option("--image-size <pixels>", "side of the crop or square instead of the config's")
    .option("--orientation <what>", "EXIF: ignore, as the reference does, or apply", "ignore")
    .option("--max-pixels <n>", "refuse larger pictures unread (default: 178956970)")
    .option("--max-side <n>", "refuse pictures with a longer side unread (default: 65535)")
    .option("--keep-going", "leave out pictures that cannot be used, and exit with 1 at the end");
}
