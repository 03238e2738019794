// What `internvit eval segmentation` says of its plan and its result.

import {
  NAMED_SEGMENTATION_PROTOCOLS,
  type SegmentationOutline,
  type SegmentationPlan,
  type SegmentationProtocol,
  type SegmentationResult,
  segmentationTable,
} from "@internvit/eval";

import type { Report } from "../events.ts";
import { formatBytes, formatCount, formatDuration, formatMany } from "../terminal/quantities.ts";

/** A plan; without times where measuring them alone would take more memory than there is. */
export type KnownPlan = SegmentationOutline &
  Partial<Pick<SegmentationPlan, "costs" | "milliseconds">>;

/** Says when a run needs more memory than there is: before a try that the system ends without a word. */
export function noteMemory({ memoryBytes }: SegmentationOutline, report: Report): void {
  const free = process.availableMemory();
  if (memoryBytes < free) return;
  const message = `the run takes about ${formatBytes(memoryBytes)} of memory beside the encoder; ${formatBytes(free)} are free here. A smaller batch or head, or a smaller crop, takes less`;
  report({ event: "notice", message });
}

/** The plan, a line for each thing. */
export function describeSegmentationPlan(
  plan: KnownPlan,
  {
    protocol,
    model,
    layers,
  }: {
    readonly protocol: SegmentationProtocol;
    readonly model: string;
    /** Blocks of the encoder. */
    readonly layers: number;
  },
): string {
  const { blocks, derived, iterations, train, val, costs, milliseconds } = plan;
  const { batch, cropSize } = protocol;
  const own = Object.hasOwn(NAMED_SEGMENTATION_PROTOCOLS, protocol.name) ? "" : " (your own)";
  const origin = derived ? ` (derived: nothing is published for ${layers})` : "";
  const scorings = val.scorings === 1 ? "once" : `${formatCount(val.scorings)} times`;
  const kept =
    protocol.kind === "features"
      ? [`  encodes ${formatMany(train.encoded, "picture")} once and keeps the features`]
      : [];
  return [
    `${protocol.name}${own} of ${model}`,
    `  reads ${blocks.length === 1 ? "block" : "blocks"} ${blocks.join(", ")} of the encoder's ${layers}, counted from 0${origin}`,
    ...kept,
    `  trains ${describeTrained(protocol)} in ${formatMany(iterations, "iteration")} of ${formatMany(batch, "crop")} of ${cropSize} pixels, from ${formatMany(train.pictures, "picture")}`,
    `  scores ${val.name}, ${formatMany(val.pictures, "picture")}, ${scorings}, ${describeInference(protocol)}`,
    costs === undefined
      ? `  was not timed: that alone takes about ${formatBytes(plan.measuringBytes)} of memory`
      : `  an iteration takes ${formatDuration(costs.iteration)} and a scored picture ${formatDuration(costs.picture)}, as measured now`,
    `  takes about ${milliseconds === undefined ? "" : `${formatDuration(milliseconds)}, `}${formatBytes(plan.diskBytes)} on the disk, and ${formatBytes(plan.memoryBytes)} of memory${tunes(protocol) ? "" : " beside the encoder"}`,
  ].join("\n");
}

function tunes(protocol: SegmentationProtocol): boolean {
  return protocol.kind === "online" && protocol.encoder.trained;
}

function describeTrained(protocol: SegmentationProtocol): string {
  const { head } = protocol;
  const named = head.kind === "linear" ? "a linear head" : `UperNet of ${head.channels} channels`;
  return tunes(protocol) ? `${named} and the encoder` : named;
}

function describeInference({ inference }: SegmentationProtocol): string {
  const { mode, scales, flip, shortSide } = inference;
  const windows =
    mode.kind === "whole"
      ? "each as a whole"
      : `in windows of ${mode.window} pixels, ${mode.stride} apart`;
  const views = scales.length * (flip ? 2 : 1);
  return `${windows}, the shorter side ${shortSide} pixels${views === 1 ? "" : `, ${views} views of each`}`;
}

/** The table of the heads with what to know of the run, and where all of it is written. */
export function describeSegmentationResult(
  result: SegmentationResult,
  files: readonly string[],
): string {
  return [segmentationTable(result), "", `wrote ${files.join(", ")}`].join("\n");
}
