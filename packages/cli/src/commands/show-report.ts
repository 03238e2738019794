// What `show` says.

import type { JsonValue } from "@internvit/model-core";

import type { Model } from "../checkpoints/open-model.ts";
import { formatCount, formatDuration } from "../terminal/quantities.ts";

/** The facts of one shown picture. */
export interface ShowReport {
  readonly image: string;
  /** Pixels of the file. */
  readonly width: number;
  readonly height: number;
  /** Pillow's name of the file's samples. */
  readonly mode: string;
  readonly format: string;
  /** Height and width in pixels of what was encoded. */
  readonly inputSize: readonly [number, number];
  readonly patchSize: number;
  /** Class token included. */
  readonly tokens: number;
  readonly parameters: number;
  /** Shapes. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Part of the patches' variance that the colours show, 0 to 1. */
  readonly shownVariance: number;
  /** By stage. */
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly files: readonly string[];
  readonly [fact: string]: JsonValue;
}

/** The report as lines of `label  value`. */
export function describeShow(report: ShowReport, { label, synthesized }: Model): string {
  const [height, width] = report.inputSize;
  const columns = Math.floor(width / report.patchSize);
  const rows = Math.floor(height / report.patchSize);
  const features = Object.entries(report.outputs).map(
    ([name, shape]) => `${name} [${shape.join(", ")}]`,
  );
  const times = Object.entries(report.milliseconds).map(
    ([stage, milliseconds]) => `${stage} ${formatDuration(milliseconds)}`,
  );
  const share = (100 * report.shownVariance).toFixed(0);
  const lines: [string, string][] = [
    [
      "picture",
      `${report.image}, ${report.width}x${report.height} pixels, ${report.format} ${report.mode}`,
    ],
    ["model", `${label}, ${formatCount(report.parameters)} parameters`],
    ...(synthesized === undefined ? [] : [["weights", synthesized] as [string, string]]),
    [
      "tokens",
      `${formatCount(report.tokens)}: the class token and ${columns}x${rows} patches of a ${width}x${height} crop`,
    ],
    ["features", `${features.join(", ")}, ${String(report["dtype"])}`],
    ["ran on", `${String(report["execution_provider"])}: ${String(report["device"])}`],
    ["time", times.join(", ")],
    ["wrote", report.files.join(", ")],
    [
      "colours",
      `first three principal components of the patch features, ${share} % of their variance`,
    ],
  ];
  const longest = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(longest)}  ${value}`).join("\n");
}
