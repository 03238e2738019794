// Whether a training is over before its learning rate has risen: what a few epochs or iterations to try a protocol out
// do without a word.

import type { Protocol, SegmentationProtocol } from "@internvit/eval";

import { formatMany } from "../terminal/quantities.ts";

/** A sentence where all of the training is warm-up; none where it is not, and for a protocol without training. */
export function warmUpWarnings(protocol: Protocol | SegmentationProtocol): readonly string[] {
  if ("neighbours" in protocol) return [];
  const { length, warmUp, unit, field } = lengths(protocol);
  if (warmUp < length || warmUp === 0) return [];
  return [
    `all of the training is warm-up: the learning rate rises for ${formatMany(warmUp, unit)} (${field} of the protocol), and there ${length === 1 ? "is" : "are"} ${formatMany(length, unit)}`,
  ];
}

function lengths(
  protocol: Exclude<Protocol, { readonly kind: "neighbours" }> | SegmentationProtocol,
) {
  const field = "optimizer.schedule.warmup";
  if ("task" in protocol) {
    const { iterations, optimizer } = protocol;
    return { length: iterations, warmUp: optimizer.schedule.warmup, unit: "iteration", field };
  }
  const { epochs, optimizer } = protocol;
  const warmUp = optimizer.schedule.warmupEpochs;
  return { length: epochs, warmUp, unit: "epoch", field: `${field}Epochs` };
}
