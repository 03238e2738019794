// The options that commands have which read pictures.

import type { Command } from "commander";
import type { z } from "zod";

import { flag, maybe, oneOf, wholeNumber } from "./parse-options.ts";

/** Schema of the options that `addDecodeOptions` adds. */
export const decodeOptions: {
  readonly imageSize: z.ZodType<number | undefined>;
  readonly orientation: z.ZodType<"ignore" | "apply">;
  readonly maxPixels: z.ZodType<number | undefined>;
  readonly maxSide: z.ZodType<number | undefined>;
} = {
  imageSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  orientation: oneOf(["ignore", "apply"]),
  maxPixels: maybe(wholeNumber({ minimum: 1 })),
  maxSide: maybe(wholeNumber({ minimum: 1 })),
};

/** Schema of the options that `addPictureOptions` adds. */
export const pictureOptions: typeof decodeOptions & { readonly keepGoing: z.ZodType<boolean> } = {
  ...decodeOptions,
  keepGoing: flag,
};

/** Adds the options of reading one picture to a command. */
export function addDecodeOptions(command: Command): Command {
  return addLimitOptions(
    command
      .option("--image-size <pixels>", "side of the crop, square or tile instead of the config's")
      .option("--orientation <what>", "EXIF: ignore, as the reference does, or apply", "ignore"),
  );
}

/** Adds the options of the largest pictures to a command. */
export function addLimitOptions(command: Command): Command {
  return command
    .option("--max-pixels <n>", "refuse larger pictures unread (default: 178956970)")
    .option("--max-side <n>", "refuse pictures with a longer side unread (default: 65535)");
}

/** Adds the options of reading many pictures to a command. */
export function addPictureOptions(command: Command): Command {
  return addDecodeOptions(command).option(
    "--keep-going",
    "leave out pictures that cannot be used, and exit with 1 at the end",
  );
}
