// The mark on everything that was made by `synthesizeCheckpoint`, so that nobody takes its features for a trained
// model's. It stands in config.json and in the metadata of the weight file; either is enough.

import { z } from "zod";
import { parseWith } from "../config/parse-with.ts";

/** Says that weights are seeded random numbers. */
export interface Synthesized {
  readonly seed: number;
  /** The preset that was asked for, or undefined for another architecture. */
  readonly preset: string | undefined;
}

const CONFIG_KEY = "internvit_synthesized";
const METADATA_KEY = "internvit.synthesized";

/** Seeds are 32-bit, so that every bit of one reaches the generator. */
export const MAX_SEED = 4_294_967_295;

const schema = z.object({
  [CONFIG_KEY]: z
    .object({ seed: z.int().min(0).max(MAX_SEED), preset: z.string().nullish() })
    .optional(),
});

/** The mark for config.json. */
export function synthesizedConfigJson({ seed, preset }: Synthesized): Record<string, unknown> {
  return { [CONFIG_KEY]: { seed, preset: preset ?? null } };
}

/** The mark in plain words, for people and result files. */
export function synthesizedNotice({ seed }: Synthesized): string {
  return `seeded random weights, not a trained model; seed ${seed}`;
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
  if (mark !== undefined) return { seed: mark.seed, preset: mark.preset ?? undefined };
  const seed = /; seed (\d+)$/.exec(metadata.get(METADATA_KEY) ?? "")?.[1];
  return seed === undefined ? undefined : { seed: Number(seed), preset: undefined };
}
