// A checkpoint report as text.

import type { EncoderConfig } from "@internvit/model-core";

import { formatBytes, formatCount, formatMany } from "../terminal/quantities.ts";
import type { CheckpointReport } from "./inspect-checkpoint.ts";

/** Names in a list before it says "and more"; `--json` has them all. */
const MAX_LISTED = 10;

/** The report as lines of `label  value`. */
export function describeReport(report: CheckpointReport): string {
  const { tensors, presets } = report;
  const dtypes = Object.entries(report.dtypes).map(
    ([dtype, count]) => `${dtype} (${formatMany(count.tensors, "tensor")})`,
  );
  const lines: [string, string][] = [
    ["checkpoint", report.directory],
    ["architecture", describeArchitecture(report.architecture)],
    ["same as", presets.length === 0 ? "no published model" : presets.join(", ")],
    ["parameters", formatCount(report.parameters)],
    ["config layout", report.layout],
    [
      "tensor names",
      `${report.namingScheme}${report.prefix === "" ? "" : `, under "${report.prefix}"`}`,
    ],
    [
      "tensors",
      `${formatCount(tensors.encoder)} of the encoder, ${formatCount(tensors.total)} in all`,
    ],
    ["element types", dtypes.join(", ")],
    ["files", describeFiles(report)],
    ["preprocessor", report.hasPreprocessorConfig ? "preprocessor_config.json" : "no config"],
    ["weights", report.synthesized ?? "not marked as synthesized"],
  ];
  const lists: [string, readonly string[]][] = [
    ["missing", report.missing],
    [
      "wrong shape",
      report.wrongShape.map(
        ({ name, expected, found }) =>
          `${name} (expected [${expected.join(", ")}], found [${found.join(", ")}])`,
      ),
    ],
    ["wrong type", report.wrongDtype.map(({ name, found }) => `${name} (${found})`)],
    ["unexpected", report.unexpected],
    ["ignored", report.ignored.map(({ prefix, count }) => `${prefix}* (${count})`)],
    ["unlisted", report.unlisted],
  ];
  for (const [label, names] of lists) if (names.length > 0) lines.push([label, listNames(names)]);
  lines.push(["usable", report.usable ? "yes" : "no"]);
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join("\n");
}

function describeArchitecture(config: EncoderConfig): string {
  const { imageSize, patchSize } = config;
  return [
    `${config.numHiddenLayers} layers`,
    `width ${config.hiddenSize}`,
    `${config.numAttentionHeads} heads`,
    `MLP ${config.intermediateSize}`,
    `${imageSize}x${imageSize} pixels in patches of ${patchSize}`,
    config.normType,
    `QKV bias ${config.qkvBias ? "yes" : "no"}`,
    `QK norm ${config.qkNormalization ? "yes" : "no"}`,
  ].join(", ");
}

function describeFiles({ files, bytes }: CheckpointReport): string {
  const [only] = files;
  const what = files.length === 1 && only !== undefined ? only.name : `${files.length} shards`;
  return `${what}, ${formatBytes(bytes)}`;
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(", ");
  const rest = names.length - MAX_LISTED;
  return rest > 0 ? `${names.length}: ${shown} and ${rest} more` : `${names.length}: ${shown}`;
}
