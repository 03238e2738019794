// The published scores of the two probes. Source: "Expanding Performance Boundaries of Open-Source Multimodal Models"
// (InternVL 2.5), arXiv 2412.05271, table 14. Nothing is published for the 300M encoders.

/** The six sets in the order of the table. */
export const PUBLISHED_SETS = [
  { name: "imagenet-1k", title: "IN-1K", length: 50_000 },
  { name: "imagenet-real", title: "IN-ReaL", length: 50_000 },
  { name: "imagenet-v2", title: "IN-V2", length: 10_000 },
  { name: "imagenet-a", title: "IN-A", length: 7_500 },
  { name: "imagenet-r", title: "IN-R", length: 30_000 },
  { name: "imagenet-sketch", title: "IN-Sketch", length: 50_889 },
] as const;

/** A row of the table. */
export interface PublishedRow {
  readonly model: string;
  /** Pixels per edge. */
  readonly resolution: number;
  readonly probe: "linear" | "attention-pooling";
  /** Top-1 in percent, in the order of `PUBLISHED_SETS`. */
  readonly top1: readonly number[];
  /** The mean as it is printed. */
  readonly average: number;
}

const row =
  (probe: PublishedRow["probe"]) =>
  (
    model: string,
    { resolution, top1, average }: Pick<PublishedRow, "resolution" | "top1" | "average">,
  ): PublishedRow => ({ model, resolution, probe, top1, average });

const linear = row("linear");
const pooling = row("attention-pooling");

/** The published rows. */
export const PUBLISHED_ROWS: readonly PublishedRow[] = [
  linear("InternViT-6B-224px", {
    resolution: 224,
    top1: [88.2, 90.4, 79.9, 77.5, 89.8, 69.1],
    average: 82.5,
  }),
  linear("InternViT-6B-224px", {
    resolution: 448,
    top1: [87.8, 90.2, 79.8, 77.2, 87.1, 65.8],
    average: 81.3,
  }),
  linear("InternViT-6B-448px-V1.0", {
    resolution: 448,
    top1: [87.0, 90.0, 78.8, 77.2, 85.5, 65.1],
    average: 80.6,
  }),
  linear("InternViT-6B-448px-V1.2", {
    resolution: 448,
    top1: [87.0, 89.9, 78.5, 77.1, 83.9, 59.7],
    average: 79.4,
  }),
  linear("InternViT-6B-448px-V1.5", {
    resolution: 448,
    top1: [86.5, 89.9, 78.1, 69.8, 82.9, 60.1],
    average: 77.9,
  }),
  linear("InternViT-6B-448px-V2.5", {
    resolution: 448,
    top1: [86.6, 90.1, 77.8, 73.7, 82.7, 60.0],
    average: 78.5,
  }),
  pooling("InternViT-6B-224px", {
    resolution: 224,
    top1: [89.2, 91.1, 82.3, 84.7, 93.1, 72.7],
    average: 85.5,
  }),
  pooling("InternViT-6B-224px", {
    resolution: 448,
    top1: [88.8, 91.0, 82.0, 85.4, 91.3, 70.5],
    average: 84.8,
  }),
  pooling("InternViT-6B-448px-V1.0", {
    resolution: 448,
    top1: [88.7, 91.0, 82.0, 88.7, 92.8, 72.0],
    average: 85.9,
  }),
  pooling("InternViT-6B-448px-V1.2", {
    resolution: 448,
    top1: [88.6, 91.1, 82.0, 88.7, 92.7, 71.6],
    average: 85.8,
  }),
  pooling("InternViT-6B-448px-V1.5", {
    resolution: 448,
    top1: [88.4, 91.2, 81.6, 86.0, 92.2, 70.9],
    average: 85.1,
  }),
  pooling("InternViT-6B-448px-V2.5", {
    resolution: 448,
    top1: [88.3, 91.2, 81.3, 86.9, 92.4, 70.8],
    average: 85.2,
  }),
];

/**
 * The published row of a model, by any of its names: `OpenGVLab/InternViT-6B-448px-V2_5` is the table's
 * `InternViT-6B-448px-V2.5`.
 */
export function findPublished(
  model: string,
  { resolution, probe }: Pick<PublishedRow, "resolution" | "probe">,
): PublishedRow | undefined {
  const name = publishedName(model);
  return PUBLISHED_ROWS.find(
    (found) => found.model === name && found.resolution === resolution && found.probe === probe,
  );
}

/** What the report's tables call a model that goes by any of its names. */
export function publishedName(model: string): string {
  return model
    .replace(/@.*$/, "")
    .replace(/^.*[/\\]/, "")
    .replace(/-V(\d)[-_](\d)$/, "-V$1.$2");
}
