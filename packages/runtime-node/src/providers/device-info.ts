// What an encoder's info says of where it runs.

import type { EncoderInfo } from "@internvit/model-core";

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

/** Above this part of all nodes the CPU does so much that the user must hear of it. */
const LARGE_SHARE = 0.1;

function placementNotes(placement: WarmUp["placement"] = {}): readonly string[] {
  const onCpu = placement["CPUExecutionProvider"] ?? 0;
  const all = Object.values(placement).reduce((sum, count) => sum + count, 0);
  return onCpu > all * LARGE_SHARE
    ? [`${onCpu} of ${all} nodes of the graph run on the CPU: the provider has no kernel for them`]
    : [];
}
