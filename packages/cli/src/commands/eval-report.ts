// What `internvit eval classification` says of its plan and its result.

import {
  type ClassificationResult,
  NAMED_PROTOCOLS,
  type Protocol,
  resultTable,
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

/** The table of the first head, a line for each of the others, and where all of it is written. */
export function describeResult(result: ClassificationResult, files: readonly string[]): string {
  return [describeHeads(result), "", `wrote ${files.join(", ")}`].join("\n");
}

/** The table of the first head, and a line for each of the others. */
export function describeHeads(result: ClassificationResult): string {
  const { heads, sets } = result;
  const others = heads.slice(1).flatMap(({ name }, at) => {
    const scores = sets.map(
      ({ data, scores: all }) => `${data.name} ${percent(all[at + 1]!.top1)}`,
    );
    return [`head ${name}: top-1 ${scores.join(", ")}`];
  });
  return [resultTable(result), ...(others.length === 0 ? [] : ["", ...others])].join("\n");
}

function percent(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}
