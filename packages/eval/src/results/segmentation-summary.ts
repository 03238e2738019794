// A segmentation result as one line: its scores in percent, and the published number beside them where the two mean the
// same.

import {
  type KnownSegmentationSet,
  KNOWN_SEGMENTATION_SET_NAMES,
  knownSegmentationSet,
} from "../datasets/known-segmentation-sets.ts";
import { findPublishedSegmentation, type SegmentationProbe } from "./published-segmentation.ts";
import type { SegmentationResult, SegmentationSetScore } from "./segmentation-result.ts";
import { protocolName } from "./summarize.ts";

/** A segmentation result as a row of a table. */
export interface SegmentationSummary {
  readonly model: string;
  /** The protocol's name, with a remark where it was changed. */
  readonly protocol: string;
  /** The probe of the published table that this is one of, changed or not; or null. */
  readonly probe: SegmentationProbe | null;
  /** The scored set. */
  readonly set: string;
  /** Its name in tables. */
  readonly title: string;
  /** Of each head, in their order. */
  readonly heads: readonly HeadScore[];
  /** mIoU of the report for this model, protocol and set, in percent; null where it has none. */
  readonly published: number | null;
  /** Why no published number stands beside these, or why they may not be compared. */
  readonly reservations: readonly string[];
}

/** Scores of a head in percent. */
export interface HeadScore {
  readonly name: string;
  readonly choice: string;
  readonly meanIou: number | null;
  readonly meanAccuracy: number | null;
  readonly pixelAccuracy: number | null;
  readonly boundaryIou: number | null;
  readonly pictures: number;
  readonly unreadable: number;
}

/** A share in percent. */
export function percentOf(part: number | null): number | null {
  return part === null ? null : 100 * part;
}

/** The row of a result. */
export function summarizeSegmentation(result: SegmentationResult): SegmentationSummary {
  const { model, heads, val } = result;
  const probe = probeOf(result);
  const known = knownSegmentationSet(val.data.name);
  const published =
    probe === null || known === undefined ? null : publishedOf(result, { probe, known });
  return {
    model: model.name,
    protocol: protocolName(result),
    probe,
    set: val.data.name,
    title: known?.title ?? val.data.name,
    heads: heads.map(({ name, choice }, at) => ({ name, choice, ...inPercent(val.scores[at]!) })),
    published,
    reservations: reservations(result, { probe, known, published }),
  };
}

function inPercent(score: SegmentationSetScore): Omit<HeadScore, "name" | "choice"> {
  const { pictures, unreadable, meanIou, meanAccuracy, pixelAccuracy, boundaryIou } = score;
  return {
    meanIou: percentOf(meanIou),
    meanAccuracy: percentOf(meanAccuracy),
    pixelAccuracy: percentOf(pixelAccuracy),
    boundaryIou: percentOf(boundaryIou),
    pictures,
    unreadable,
  };
}

function probeOf({ protocol: { base } }: SegmentationResult): SegmentationProbe | null {
  switch (base) {
    case "report-linear":
      return "linear";
    case "report-head-tuning":
      return "head";
    case "report-full-tuning":
      return "full";
    default:
      return null;
  }
}

/** Only for the published weights and the report's own protocol. */
function publishedOf(
  { model, protocol }: SegmentationResult,
  { probe, known }: { readonly probe: SegmentationProbe; readonly known: KnownSegmentationSet },
): number | null {
  if (model.synthesized !== null || protocol.differences.length > 0) return null;
  const row = findPublishedSegmentation(model.name);
  return row?.[probe].sets[KNOWN_SEGMENTATION_SET_NAMES.indexOf(known.name)] ?? null;
}

function reservations(
  { model, protocol, train, val }: SegmentationResult,
  found: {
    readonly probe: SegmentationProbe | null;
    readonly known: KnownSegmentationSet | undefined;
    readonly published: number | null;
  },
): readonly string[] {
  const { probe, known, published } = found;
  if (model.synthesized !== null) return [`the weights are random: ${model.synthesized}`];
  if (probe === null) return ["there are none for this protocol"];
  if (known === undefined) return [`there are none for ${val.data.name}`];
  if (protocol.differences.length > 0) {
    const fields = protocol.differences.map(({ field }) => field).join(", ");
    return [`the protocol differs from the report's in ${fields}`];
  }
  if (published === null) return [`there are none for ${model.name}`];
  const { title, pictures } = known;
  return [
    ...(train.length === pictures.train
      ? []
      : [`trained on ${train.length} pictures, not on ${pictures.train}`]),
    ...(val.data.length === pictures.val
      ? []
      : [`${title} has ${val.data.length} pictures here, ${pictures.val} in the report`]),
  ];
}
