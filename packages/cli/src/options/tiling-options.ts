// The options of every command that cuts pictures into tiles.

import type { Command } from "commander";
import { z } from "zod";

import { maybe, wholeNumber } from "./parse-options.ts";

/** More than any published recipe (36), few enough for attention over the tokens that follow. */
const MAX_TILES = 256;

/** Schema of the options that `addTilingOptions` adds. */
export const tilingOptions: {
  readonly minTiles: z.ZodType<number | undefined>;
  readonly maxTiles: z.ZodType<number | undefined>;
  /** False only when `--no-thumbnail` was given. */
  readonly thumbnail: z.ZodType<boolean>;
} = {
  minTiles: maybe(wholeNumber({ minimum: 1, maximum: MAX_TILES })),
  maxTiles: maybe(wholeNumber({ minimum: 1, maximum: MAX_TILES })),
  thumbnail: z.boolean(),
};

/** Adds the options to a command. */
export function addTilingOptions(
  command: Command,
  { defaults }: { readonly defaults: string },
): Command {
  return command
    .option("--min-tiles <n>", `fewest tiles of a picture (default: ${defaults}1)`)
    .option("--max-tiles <n>", `most tiles, the thumbnail not counted (default: ${defaults}12)`)
    .option("--no-thumbnail", "leave out the thumbnail that pictures of several tiles get");
}
