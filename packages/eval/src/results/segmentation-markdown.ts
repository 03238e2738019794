// The report's table of segmentation, from any results: a row for each model, a column for each probe and set, what tuning
// adds to linear probing, and the published row under it. What the table has no column for stands in a second one.

import { changedFields } from "./changed-fields.ts";
import {
  KNOWN_SEGMENTATION_SET_NAMES,
  knownSegmentationSet,
} from "../datasets/known-segmentation-sets.ts";
import {
  findPublishedSegmentation,
  type PublishedSegmentationRow,
  SEGMENTATION_PROBES,
  type SegmentationProbe,
} from "./published-segmentation.ts";
import { difference } from "./result-table.ts";
import type { SegmentationResult } from "./segmentation-result.ts";
import {
  percentOf,
  type SegmentationSummary,
  summarizeSegmentation,
} from "./segmentation-summary.ts";
import { decimals, markdownTable, signed } from "./text-table.ts";

/** A row: the results of one encoder, one for each column at most. */
interface ModelRow {
  readonly label: string;
  /** Tells apart encoders of one name, and changed protocols from the report's. */
  readonly key: string;
  /** Null where nothing is published for it. */
  readonly published: PublishedSegmentationRow | null;
  /** mIoU in percent by column. */
  readonly scores: Map<string, number | null>;
}

/** Results of segmentation as Markdown, with remarks under the tables. Ends with a line break. */
export function segmentationMarkdown(results: readonly SegmentationResult[]): string {
  const all = results.map((result) => ({ result, summary: summarizeSegmentation(result) }));
  const rows: ModelRow[] = [];
  const others: SegmentationSummary[] = [];
  for (const { result, summary } of all) {
    const column = columnOf(summary);
    if (column === null) others.push(summary);
    else placeInRow(rows, { result, column, score: summary.heads[0]!.meanIou });
  }
  const remarks = all.flatMap(({ result, summary }) => {
    const { model, protocol, title, reservations } = summary;
    const texts = [...changedFields(result.protocol), ...reservations, ...result.warnings];
    return texts.map((text) => `- ${model}, ${protocol}, ${title}: ${text}.`);
  });
  return `${[
    ...(rows.length === 0 ? [] : [reportTable(rows), EXPLAINED]),
    ...(others.length === 0 ? [] : [otherTable(others)]),
    ...(remarks.length === 0 ? [] : [remarks.join("\n")]),
  ].join("\n\n")}\n`;
}

const EXPLAINED =
  "mIoU in percent; avg.: mean of the two sets; Δ1: average of head tuning minus average of linear probing of the same encoder; Δ2: full tuning minus linear probing.";

function columnOf({ probe, set }: SegmentationSummary): string | null {
  if (probe === null) return null;
  const known = KNOWN_SEGMENTATION_SET_NAMES.find((name) => name === set);
  return known === undefined ? null : nameColumn(probe, known);
}

function nameColumn(probe: SegmentationProbe, set: string): string {
  return `${probe} ${set}`;
}

/** Puts a score into the row of its encoder; into a further one where its place is taken. */
function placeInRow(
  rows: ModelRow[],
  options: {
    readonly result: SegmentationResult;
    readonly column: string;
    readonly score: number | null;
  },
): void {
  const { result, column, score } = options;
  const { model, protocol } = result;
  const changed = protocol.differences.length > 0;
  const key = JSON.stringify([model.name, model.checkpointHash, model.synthesized, changed]);
  let row = rows.find((each) => each.key === key && !each.scores.has(column));
  if (row === undefined) {
    const comparable = !changed && model.synthesized === null;
    const published = comparable ? (findPublishedSegmentation(model.name) ?? null) : null;
    const label = changed ? `${model.name}, changed` : model.name;
    row = { label, key, published, scores: new Map() };
    rows.push(row);
  }
  row.scores.set(column, score);
}

function reportTable(rows: readonly ModelRow[]): string {
  const titles = KNOWN_SEGMENTATION_SET_NAMES.map((name) => knownSegmentationSet(name)!.title);
  const head = [
    "mIoU %",
    ...SEGMENTATION_PROBES.flatMap((probe) =>
      [...titles, "avg."].map((title) => `${probe} ${title}`),
    ),
    "Δ1",
    "Δ2",
  ];
  return markdownTable([head, ...rows.flatMap(linesOf)]);
}

/** Own, published and difference: mIoU and average of each probe, then Δ1 and Δ2. */
function linesOf({ label, published, scores }: ModelRow): readonly (readonly string[])[] {
  const probes = SEGMENTATION_PROBES.map((probe) => {
    const sets = KNOWN_SEGMENTATION_SET_NAMES.map(
      (name) => scores.get(nameColumn(probe, name)) ?? null,
    );
    return [...sets, averageOf(sets)];
  });
  const [linear, head, full] = probes.map((cells) => cells.at(-1)!);
  const own = [...probes.flat(), difference(head!, linear!), difference(full!, linear!)];
  const cells = own.slice(0, -2).map((value) => decimals(value, 2));
  const first = [label, ...cells, ...own.slice(-2).map((value) => signed(value, 2))];
  if (published === null) return [first];
  const { delta1, delta2 } = published;
  const means = SEGMENTATION_PROBES.flatMap((probe) => {
    const { sets, average } = published[probe];
    return [...sets, average];
  });
  const gaps = own.map((value, at) => difference(value, [...means, delta1, delta2][at]!));
  return [
    first,
    [
      "published",
      ...means.map((value) => decimals(value, 1)),
      ...[delta1, delta2].map((value) => signed(value, 1)),
    ],
    ["difference", ...gaps.map((value) => signed(value, 2))],
  ];
}

function averageOf(sets: readonly (number | null)[]): number | null {
  if (sets.includes(null)) return null;
  return sets.reduce<number>((sum, value) => sum + value!, 0) / sets.length;
}

function otherTable(summaries: readonly SegmentationSummary[]): string {
  const head = ["other probes and sets, %", "mIoU", "mAcc", "aAcc", "boundary IoU"];
  return markdownTable([
    head,
    ...summaries.map(({ model, protocol, title, heads: [score] }) => [
      `${model}, ${protocol}, ${title}`,
      decimals(score!.meanIou, 2),
      decimals(score!.meanAccuracy, 2),
      decimals(score!.pixelAccuracy, 2),
      decimals(score!.boundaryIou, 2),
    ]),
  ]);
}

/** The classes of a result in the order of their labels, as a Markdown table of its first head. Ends with a line break. */
export function classesMarkdown({ val }: SegmentationResult): string {
  const { iou, accuracy, boundaryIou, labelled, predicted } = val.scores[0]!.perClass;
  const head = ["class", "IoU %", "accuracy %", "boundary IoU %", "labelled px", "predicted px"];
  const rows = val.classes.map((name, at) => [
    name,
    ...[iou, accuracy, boundaryIou].map((shares) => decimals(percentOf(shares[at]!), 2)),
    String(labelled[at]!),
    String(predicted[at]!),
  ]);
  return `${markdownTable([head, ...rows])}\n`;
}
