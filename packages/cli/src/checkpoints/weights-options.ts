// How commands ask for converted weights: kept in the command line's cache folder, and spoken of while they are made.

import type { EncoderDtype } from "@internvit/model-core";
import { cacheFolder, type WeightsOptions } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";

const STAGES = {
  hash: "hash the checkpoint",
  measure: "measure channels",
  convert: "convert weights",
} as const;

/** The options of `createVisionEncoder` that are about weights. */
export function weightsOptions(
  dtype: EncoderDtype,
  { env, report }: Pick<CommandContext, "env" | "report">,
): WeightsOptions {
  return {
    dtype,
    cacheDirectory: cacheFolder(env),
    onWeights(event) {
      if (event.kind === "progress") {
        const { stage, done, total } = event;
        report({ event: "progress", stage: STAGES[stage], done, total, unit: "bytes" });
        return;
      }
      const { path, reason } = event;
      report({
        event: "notice",
        message: `the converted weights in ${path} are damaged (${reason}) and are made again`,
      });
    },
  };
}
