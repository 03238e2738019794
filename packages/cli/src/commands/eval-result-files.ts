// The result of `internvit eval classification`: what a run found, with the model and the machine, in files.

import { writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";

import {
  type ClassificationResult,
  dataFacts,
  type JsonFacts,
  type Protocol,
  protocolFacts,
  RESULT_FORMAT,
  resultsMarkdown,
  type RunOutcome,
} from "@internvit/eval";
import { writeHtmlReport, writeResult } from "@internvit/eval/node";
import type { EncoderInfo } from "@internvit/model-core";
import sharp from "sharp";

import type { Model } from "../checkpoints/open-model.ts";
import { writeError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { EvalData } from "./eval-data.ts";

/** The whole result. */
export async function resultOf(
  outcome: RunOutcome,
  options: {
    readonly protocol: Protocol;
    readonly model: Model;
    readonly info: EncoderInfo;
    readonly data: EvalData;
  },
): Promise<ClassificationResult> {
  const { protocol, model, info, data } = options;
  const { checkpointHash = null, synthesized = null } = info;
  return {
    format: RESULT_FORMAT,
    version: 1,
    finished: new Date().toISOString(),
    model: {
      name: model.label,
      source: model.checkpoint.label,
      checkpointHash,
      synthesized,
      config: encoderConfigJson(model),
    },
    protocol: await protocolFacts(protocol),
    train: dataFacts(data.train),
    environment: {
      provider: info.executionProvider,
      device: info.device,
      dtype: info.dtype,
      platform: `${platform()} ${arch()}`,
      versions: {
        internvit: VERSION,
        node: process.versions.node,
        ...info.versions,
        sharp: sharp.versions.sharp ?? "unknown",
        libvips: sharp.versions.vips,
      },
    },
    seed: protocol.seed,
    ...outcome,
  };
}

/** config.json, of a chat model the encoder's part. */
function encoderConfigJson({ checkpoint }: Model): JsonFacts {
  const whole = checkpoint.configJson as JsonFacts;
  const encoder = whole["vision_config"];
  return encoder !== null && typeof encoder === "object" ? (encoder as JsonFacts) : whole;
}

/** Writes the result as JSON, Markdown and a page, and returns their paths. */
export async function writeReports(
  result: ClassificationResult,
  options: {
    readonly folder: string;
    readonly data: EvalData;
    readonly signal: AbortSignal;
  },
): Promise<readonly [string, ...string[]]> {
  const { folder, data, signal } = options;
  const [json, markdown, page] = [
    join(folder, "results.json"),
    join(folder, "results.md"),
    join(folder, "report.html"),
  ];
  await writeResult(json, result);
  await writeFile(markdown, resultsMarkdown([result])).catch((cause: unknown) => {
    throw writeError(markdown, cause);
  });
  await writeHtmlReport(page, result, { sets: data.val, signal });
  return [json, markdown, page];
}
