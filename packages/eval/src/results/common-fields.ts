// What the JSON of results of both kinds has in common.

import type { JsonFacts, JsonValue } from "@internvit/model-core";
import { z } from "zod";

import type { PictureError } from "../scoring/score.ts";
import {
  type ClassificationResult,
  type DataFacts,
  type EnvironmentFacts,
  type HeadFacts,
  type LearningCurve,
  MAX_CURVE_POINTS,
  MAX_NAMED_PICTURES,
  type ModelFacts,
  type ProtocolFacts,
  type TimeFacts,
} from "./result.ts";
import type { SegmentationResult } from "./segmentation-result.ts";

/** A number of things. */
export const count: z.ZodType<number> = z.int().min(0);
/** A share from 0 to 1. */
export const share: z.ZodType<number> = z.number().min(0).max(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal");
const json: z.ZodType<JsonValue> = z.json();
const facts: z.ZodType<JsonFacts> = z.record(z.string(), json);

/** A data set. */
export const data: z.ZodType<DataFacts> = z.strictObject({
  name: z.string(),
  origin: z.string(),
  length: count,
  classes: count,
  listHash: hash,
});

const model: z.ZodType<ModelFacts> = z.strictObject({
  name: z.string(),
  source: z.string(),
  checkpointHash: hash.nullable(),
  synthesized: z.string().nullable(),
  config: facts,
});

const protocol: z.ZodType<ProtocolFacts> = z.strictObject({
  base: z.string().nullable(),
  hash,
  value: facts,
  differences: z.array(z.strictObject({ field: z.string(), own: json, named: json })),
});

const environment: z.ZodType<EnvironmentFacts> = z.strictObject({
  provider: z.string(),
  device: z.string(),
  dtype: z.string(),
  platform: z.string(),
  versions: z.record(z.string(), z.string()),
});

const times: z.ZodType<TimeFacts> = z.strictObject({
  total: z.number().min(0),
  parts: z.array(z.strictObject({ name: z.string(), seconds: z.number().min(0) })),
  resumed: count,
});

const curves: z.ZodType<readonly LearningCurve[]> = z.array(
  z.strictObject({
    name: z.string(),
    line: z.string(),
    x: z.enum(["step", "epoch"]),
    unit: z.enum(["loss", "percent", "rate", "norm"]),
    points: z.array(z.tuple([z.number(), z.number()])).max(MAX_CURVE_POINTS),
  }),
);

const heads: z.ZodType<readonly HeadFacts[]> = z
  .array(z.strictObject({ name: z.string(), epoch: z.number().nullable(), choice: z.string() }))
  .min(1);

/** Pictures that could not be read. */
export const unreadable: z.ZodType<readonly PictureError[]> = z
  .array(z.strictObject({ index: count, key: z.string(), reason: z.string() }))
  .max(MAX_NAMED_PICTURES);

/** The fields that results of both kinds have. */
export const commonFields: {
  readonly [
    Field in Exclude<keyof ClassificationResult & keyof SegmentationResult, "format">
  ]: z.ZodType<ClassificationResult[Field]>;
} = {
  version: z.literal(1),
  finished: z.iso.datetime(),
  model,
  protocol,
  train: data,
  environment,
  seed: count,
  times,
  curves,
  heads,
  warnings: z.array(z.string()),
};
