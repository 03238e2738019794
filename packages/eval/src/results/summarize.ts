// A result as one row: top-1 of every set, the average, and the published row beside it where the two mean the same.

import { findPublished, PUBLISHED_SETS, type PublishedRow } from "./published.ts";
import type { ClassificationResult, SetResult } from "./result.ts";

/** Top-1 of one set. */
export interface SetScore {
  readonly name: string;
  /** The name in tables. */
  readonly title: string;
  readonly top1: number | null;
  readonly top5: number | null;
  /** Standard error of `top1` as a binomial share, in percent. */
  readonly standardError: number | null;
  readonly scored: number;
  readonly unreadable: number;
  readonly unlabelled: number;
  readonly published: number | null;
}

/** A result as a row of a table. */
export interface ResultSummary {
  readonly model: string;
  /** The protocol's name, with a remark where it was changed. */
  readonly protocol: string;
  /** The probe of the published table that this is one of, or null. */
  readonly probe: PublishedRow["probe"] | null;
  readonly head: string;
  readonly sets: readonly SetScore[];
  /** Plain mean over the six published sets; null unless all six were scored. */
  readonly average: number | null;
  readonly published: PublishedRow | null;
  /** Why no published row stands beside this one, or why its numbers may not be compared number by number. */
  readonly reservations: readonly string[];
}

/** The row of a result. */
export function summarizeResult(result: ClassificationResult): ResultSummary {
  const { model, heads, sets } = result;
  const probe = probeOf(result);
  const resolution = resolutionOf(result);
  const published =
    probe === null || resolution === null || model.synthesized !== null
      ? undefined
      : findPublished(model.name, { resolution, probe });
  const rows = sets.map((set) => scoreOf(set, published));
  return {
    model: model.name,
    protocol: protocolName(result),
    probe,
    head: heads[0]!.name,
    sets: rows,
    average: averageOf(rows),
    published: published ?? null,
    reservations: reservations(result, { published, probe, resolution }),
  };
}

/** Standard error of a share of `scored` pictures, in percent. */
export function binomialError(top1: number | null, scored: number): number | null {
  if (top1 === null) return null;
  const share = top1 / 100;
  return 100 * Math.sqrt((share * (1 - share)) / scored);
}

/** Pixels per edge that the encoder saw: the protocol's, else the checkpoint's. */
export function resolutionOf({ protocol, model }: ClassificationResult): number | null {
  const size = protocol.value["imageSize"] ?? model.config["image_size"];
  return typeof size === "number" ? size : null;
}

/** The name of the protocol, with a remark where it was changed. */
export function protocolName({ protocol }: Pick<ClassificationResult, "protocol">): string {
  const { base, differences, value } = protocol;
  const own = value["name"];
  const name = base ?? (typeof own === "string" ? own : "custom");
  return differences.length === 0 ? name : `${name}, changed`;
}

function probeOf({ protocol: { base } }: ClassificationResult): PublishedRow["probe"] | null {
  if (base === "report-linear") return "linear";
  return base === "report-attention-pooling" ? "attention-pooling" : null;
}

function scoreOf({ data, scores }: SetResult, published: PublishedRow | undefined): SetScore {
  const { top1, top5, scored, unreadable, unlabelled } = scores[0]!;
  const at = PUBLISHED_SETS.findIndex(({ name }) => name === data.name);
  return {
    name: data.name,
    title: PUBLISHED_SETS[at]?.title ?? data.name,
    top1,
    top5,
    standardError: binomialError(top1, scored),
    scored,
    unreadable,
    unlabelled,
    published: published?.top1[at] ?? null,
  };
}

function averageOf(rows: readonly SetScore[]): number | null {
  const six = PUBLISHED_SETS.map(({ name }) => rows.find((row) => row.name === name)?.top1 ?? null);
  if (six.includes(null)) return null;
  return six.reduce<number>((sum, top1) => sum + top1!, 0) / six.length;
}

function reservations(
  { model, protocol, sets, train }: ClassificationResult,
  found: {
    readonly published: PublishedRow | undefined;
    readonly probe: PublishedRow["probe"] | null;
    readonly resolution: number | null;
  },
): readonly string[] {
  const { published, probe, resolution } = found;
  if (model.synthesized !== null) return [`the weights are random: ${model.synthesized}`];
  if (probe === null) return ["there are none for this protocol"];
  if (published === undefined) {
    return [
      `there are none for a ${probe} probe of ${model.name} at ${resolution ?? "unknown"} px`,
    ];
  }
  const fields = protocol.differences.map(({ field }) => field);
  const changed =
    fields.length === 0 ? [] : [`the protocol differs from the report's in ${fields.join(", ")}`];
  const trained =
    train.length === 1_281_167 ? [] : [`trained on ${train.length} pictures, not on 1281167`];
  const sizes = PUBLISHED_SETS.flatMap(({ name, title, length }) => {
    const set = sets.find(({ data }) => data.name === name);
    return set === undefined || set.data.length === length
      ? []
      : [`${title} has ${set.data.length} pictures here, ${length} in the report`];
  });
  return [...changed, ...trained, ...sizes];
}
