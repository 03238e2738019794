// The settings of inference as they stand in JSON: in protocols, and in the files of trained heads.

import { z } from "zod";

import type { InferenceSettings } from "./inference-settings.ts";

const MAX_SIDE = 16_384;

const side = z.int().min(1).max(MAX_SIDE);

/** What `InferenceSettings` may be. */
export const inferenceSchema: z.ZodType<InferenceSettings> = z.strictObject({
  shortSide: side,
  mode: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("slide"), window: side, stride: side }),
    z.strictObject({ kind: z.literal("whole") }),
  ]),
  scales: z.array(z.number().gt(0).max(8)).min(1).max(16),
  flip: z.boolean(),
});
