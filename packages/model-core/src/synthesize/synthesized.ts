// The mark on everything that was made by `synthesizeCheckpoint`, so that nobody takes its features for a trained
// model's. It stands in config.json and in the metadata of the weight file; either is enough.

import * as z from "zod/mini";
import { parseWith } from "../config/parse-with.ts";

/** Says that weights are seeded random numbers. */
export interface Synthesized {
  readonly seed: number;
  /** The preset that was asked for, or undefined for another architecture. */
  readonly preset: string | undefined;
  /** Whether a few channels are larger than the others, see outliers.ts. */
  readonly outliers?: boolean;
}

const CONFIG_KEY = "internvit_synthesized";
const METADATA_KEY = "internvit.synthesized";

/** Seeds are 32-bit, so that every bit of one reaches the generator. */
export const MAX_SEED = 4_294_967_295;

const schema = z.object({
  [CONFIG_KEY]: z.optional(
    z.object({
      seed: z.int().check(z.minimum(0), z.maximum(MAX_SEED)),
      preset: z.nullish(z.string()),
      outliers: z.optional(z.boolean()),
    }),
  ),
});

/** The mark for config.json. */
export function synthesizedConfigJson({
  seed,
  preset,
  outliers,
}: Synthesized): Record<string, unknown> {
  return {
    [CONFIG_KEY]: { seed, preset: preset ?? null, ...(outliers === true ? { outliers } : {}) },
  };
}

/** The mark in plain words, for people and result files. */
export function synthesizedNotice({ seed, outliers }: Omit<Synthesized, "preset">): string {
  const what =
    outliers === true ? "seeded random weights with outlier channels" : "seeded random weights";
  return `${what}, not a trained model; seed ${seed}`;
}

/** The mark for the metadata of the weight file. */
export function synthesizedMetadata(synthesized: Synthesized): Record<string, string> {
  return { [METADATA_KEY]: synthesizedNotice(synthesized) };
}

/** The mark in a checkpoint, or undefined when it has none. */
export function parseSynthesized(
  configJson: unknown,
  {
    metadata,
    subject,
  }: { readonly metadata: ReadonlyMap<string, string>; readonly subject: string },
): Synthesized | undefined {
  const mark = parseWith(schema, configJson, { subject })[CONFIG_KEY];
  if (mark !== undefined) {
    const { seed, preset, outliers } = mark;
    return { seed, preset: preset ?? undefined, ...(outliers === true ? { outliers } : {}) };
  }
  const notice = metadata.get(METADATA_KEY) ?? "";
  const seed = /; seed (\d+)$/.exec(notice)?.[1];
  if (seed === undefined) return undefined;
  const outliers = notice.includes("outlier channels");
  return { seed: Number(seed), preset: undefined, ...(outliers ? { outliers } : {}) };
}
