// What an encoder's info says of where it runs.

import { type EncoderInfo } from "@internvit/model-core";
import { placementNotes } from "@internvit/model-core/session";

import type { SelectedProvider } from "./select-provider.ts";
import type { WarmUp } from "./warm-up.ts";

type DeviceInfo = Pick<
  EncoderInfo,
  "executionProvider" | "device" | "driver" | "placement" | "passedOver" | "notes"
>;

/** The part of `EncoderInfo` that is about the execution provider. */
export function deviceInfo(selected: SelectedProvider, warmed: WarmUp | undefined): DeviceInfo {
  const { provider, device, driver, passedOver } = selected;
  const placement = warmed?.placement;
  const notes = [...selected.notes, ...placementNotes(placement)];
  return {
    executionProvider: provider,
    device,
    ...(driver === undefined ? {} : { driver }),
    ...(placement === undefined ? {} : { placement }),
    ...(passedOver.length === 0 ? {} : { passedOver }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}
