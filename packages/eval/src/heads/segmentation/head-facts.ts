// What a file with a trained segmentation head says of itself: everything that is needed to segment pictures with it.

import type { JsonFacts } from "@internvit/model-core";
import { z } from "zod";

import { EvalError } from "../../errors.ts";
import { inferenceSchema } from "../../inference/inference-schema.ts";
import type { InferenceSettings } from "../../inference/inference-settings.ts";
import { type SegmentationForm, tapCount } from "./form.ts";

/** The facts beside the tensors. */
export interface SegmentationHeadFacts {
  readonly form: SegmentationForm;
  /** Names of the classes in the order of the logits. */
  readonly classes: readonly string[];
  /** Blocks of the encoder that the head reads, from 0. */
  readonly blocks: readonly number[];
  readonly inference: InferenceSettings;
  readonly protocol: { readonly name: string; readonly hash: string };
  /** The iteration after which it was kept. */
  readonly iteration: number;
  readonly encoder: {
    readonly name: string;
    /** SHA-256 of the checkpoint that the training began with; null where it is not known. */
    readonly checkpointHash: string | null;
    /** Whether the file holds the encoder's weights, which were trained with the head. */
    readonly trained: boolean;
    /** The architecture, as config.json has it; `image_size` is the crop's where the encoder was trained. */
    readonly config: JsonFacts;
  };
}

/** The entry of the file's metadata. */
const ENTRY = "internvit";
const FORMAT = "internvit-segmentation-head";
const VERSION = 1;

const count = z.int().min(1);
const width = count.max(65_536);
const classes = count.max(255);
const hash = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal");
const json: z.ZodType<JsonFacts> = z.record(z.string(), z.json());

const schema: z.ZodType<SegmentationHeadFacts> = z.strictObject({
  form: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("linear"), width, classes }),
    z.strictObject({
      kind: z.literal("upernet"),
      width,
      classes,
      channels: width,
      auxiliaryLevel: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    }),
  ]),
  classes: z.array(z.string()),
  blocks: z.array(z.int().min(0).max(1000)),
  inference: inferenceSchema,
  protocol: z.strictObject({ name: z.string(), hash }),
  iteration: z.int().min(0),
  encoder: z.strictObject({
    name: z.string(),
    checkpointHash: hash.nullable(),
    trained: z.boolean(),
    config: json,
  }),
});

/** The facts as the metadata of the file. */
export function encodeHeadFacts(facts: SegmentationHeadFacts): Readonly<Record<string, string>> {
  return { [ENTRY]: JSON.stringify({ format: FORMAT, version: VERSION, ...facts }) };
}

/**
 * The facts in the metadata of a file.
 *
 * @throws EvalError `invalid-data` for a file that is no head or whose facts are damaged, `unsupported` for one that a
 * newer version wrote
 */
export function decodeHeadFacts(
  metadata: ReadonlyMap<string, string>,
  { subject }: { readonly subject: string },
): SegmentationHeadFacts {
  const refuse = (found: string, cause?: unknown): never => {
    const message = `${subject}: expected a trained segmentation head, ${found}`;
    throw new EvalError("invalid-data", message, { subject, cause });
  };
  const text = metadata.get(ENTRY) ?? refuse(`the file's metadata has no entry ${ENTRY}`);
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    return refuse(`the entry ${ENTRY} of its metadata is no JSON`, cause);
  }
  const envelope = z.object({ format: z.literal(FORMAT), version: z.int().min(1) });
  const outside = envelope.safeParse(stored);
  if (!outside.success) return refuse(`${firstIssue(outside.error)} in its metadata`);
  if (outside.data.version !== VERSION) {
    throw new EvalError(
      "unsupported",
      `${subject}: a segmentation head of format ${outside.data.version}, which is newer than this version reads: ${VERSION}`,
      { subject },
    );
  }
  const { format: _format, version: _version, ...facts } = stored as Record<string, unknown>;
  const parsed = schema.safeParse(facts);
  if (!parsed.success) return refuse(`${firstIssue(parsed.error)} in its metadata`);
  const { form, blocks, classes: names } = parsed.data;
  if (names.length !== form.classes) {
    return refuse(`names of ${form.classes} classes; its metadata has ${names.length}`);
  }
  if (blocks.length !== tapCount(form)) {
    return refuse(`${tapCount(form)} blocks that it reads; its metadata has ${blocks.length}`);
  }
  return parsed.data;
}

function firstIssue({ issues }: z.ZodError): string {
  const { path = [], message = "damaged" } = issues[0] ?? {};
  return `${path.length === 0 ? "" : `${path.join(".")}: `}${message}`;
}
