// What `internvit eval classification` says of its plan and its result.

import {
  type ClassificationResult,
  NAMED_PROTOCOLS,
  type Protocol,
  type RunPlan,
} from "@internvit/eval";

import { formatBytes, formatCount, formatDuration, formatMany } from "../terminal/quantities.ts";

/** The plan, a line for each thing. */
export function describePlan(
  plan: RunPlan,
  { protocol, model }: { readonly protocol: Protocol; readonly model: string },
): string {
  const { train, val, encoded, updates, costs } = plan;
  const named = Object.hasOwn(NAMED_PROTOCOLS, protocol.name) ? "" : " (your own)";
  const kept = [
    ...(train.heldOut === 0 ? [] : [`${formatCount(train.heldOut)} held out to choose the head`]),
    ...(train.unused === 0 ? [] : [`${formatCount(train.unused)} not used`]),
  ];
  const sets = val.map(({ name, pictures }) => `${name} ${formatCount(pictures)}`);
  const passes = encoded.train + encoded.heldOut + encoded.val;
  return [
    `${protocol.name}${named} of ${model}`,
    `  trains with ${formatMany(train.used, "picture")}${kept.length === 0 ? "" : ` (${kept.join(", ")})`}${updates === 0 ? "" : `, ${formatMany(updates, "update")}`}`,
    `  scores ${sets.join(", ")}`,
    `  encodes ${formatMany(passes, "picture")} at ${(1000 / costs.picture).toFixed(2)} a second, as measured now`,
    `  takes about ${formatDuration(plan.milliseconds)}, ${formatBytes(plan.diskBytes)} on the disk, and ${formatBytes(plan.memoryBytes)} of memory beside the encoder`,
  ].join("\n");
}

/** The scores, a line for each set and head. */
export function describeResult(result: ClassificationResult, path: string): string {
  const width = Math.max(...result.sets.map(({ data }) => data.name.length));
  const rows = result.sets.flatMap(({ data, scores }) =>
    scores.map(({ top1, top5, scored, unreadable }, head) => {
      const bad =
        unreadable === 0 ? "" : `, ${formatCount(unreadable)} unreadable and counted as wrong`;
      return `  ${data.name.padEnd(width)}  top-1 ${percent(top1)} %  top-5 ${percent(top5)} %  ${result.heads[head]!.name}  of ${formatCount(scored)}${bad}`;
    }),
  );
  return [
    `${result.protocol.base ?? "own protocol"} ${result.protocol.hash.slice(0, 12)}, ${result.model.name}`,
    ...rows,
    ...(result.model.synthesized === null ? [] : [`weights: ${result.model.synthesized}`]),
    `wrote ${path}`,
  ].join("\n");
}

function percent(value: number | null): string {
  return value === null ? "     –" : value.toFixed(2).padStart(6);
}
