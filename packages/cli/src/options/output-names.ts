// The option that says which features are wanted.

import type { EncoderOutput } from "@internvit/model-core";
import { z } from "zod";

const NAME = /^(last_hidden_state|pooler_output|patch_mean|hidden_states\.(0|[1-9]\d{0,3}))$/;

/** Names with commas between them. Whether the model has that many layers is seen when it is opened. */
export const outputNames: z.ZodType<readonly EncoderOutput[]> = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .refine((names) => names.every((name) => NAME.test(name)), {
    error:
      "expected pooler_output, last_hidden_state, patch_mean or hidden_states.N with commas between them",
  })
  .refine((names) => new Set(names).size === names.length, { error: "expected each output once" })
  .transform((names) => names as EncoderOutput[]);
