// What a user must hear of how an encoder runs, before the numbers come.

import type { EncoderInfo } from "@internvit/model-core";

import type { Report } from "../events.ts";

/** Says which providers were passed over and why, and what is special about the one that runs. */
export function reportEncoder(
  { executionProvider, device, passedOver = [], notes = [] }: EncoderInfo,
  report: Report,
): void {
  for (const { provider, reason } of passedOver) {
    report({ event: "notice", message: `${provider} is passed over: ${reason}` });
  }
  for (const note of notes) {
    report({ event: "notice", message: `${executionProvider} (${device}): ${note}` });
  }
}
