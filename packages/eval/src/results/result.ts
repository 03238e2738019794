// The result of a classification evaluation: everything that somebody needs to believe a number, or to get it again.
// Written once at the end of a run as JSON; tables, reports and comparisons are made from it and from nothing else.
// A value that is not known is null, never missing.

import type { JsonFacts, JsonValue } from "@internvit/model-core";

import type { ClassificationScore, PictureError } from "../scoring/score.ts";

/** What the JSON's field `format` says. */
export const RESULT_FORMAT = "internvit-classification-result";

/** The result of a classification evaluation. */
export interface ClassificationResult {
  readonly format: typeof RESULT_FORMAT;
  readonly version: 1;
  /** When the run ended, in ISO 8601, UTC. */
  readonly finished: string;
  readonly model: ModelFacts;
  readonly protocol: ProtocolFacts;
  /** What the head was fitted on, or whose pictures are the neighbours. */
  readonly train: DataFacts;
  readonly environment: EnvironmentFacts;
  /** Of the first weights, the order of the pictures and the augmentations. */
  readonly seed: number;
  readonly times: TimeFacts;
  /** Every head of the grid; empty where the protocol has none. */
  readonly grid: readonly GridEntry[];
  /** What was measured during training. */
  readonly curves: readonly LearningCurve[];
  /** The scored heads; the first is the one that tables and comparisons show. */
  readonly heads: readonly HeadFacts[];
  /** Scores of every set, in the order in which the sets were named. */
  readonly sets: readonly SetResult[];
  /** What a reader should know: classes missing in a set, pictures shared by train and val. */
  readonly warnings: readonly string[];
}

/** The encoder. */
export interface ModelFacts {
  /** "InternViT-300M-448px-V2_5", or what the user calls it. */
  readonly name: string;
  /** Where the weights come from, as the user named it. */
  readonly source: string;
  /** SHA-256 as in `EncoderInfo.checkpointHash`. */
  readonly checkpointHash: string | null;
  /** In plain words, when the weights are seeded random numbers. */
  readonly synthesized: string | null;
  /** The architecture, as the encoder's config.json has it. */
  readonly config: JsonFacts;
}

/** How the probe was done. */
export interface ProtocolFacts {
  /** The name of the protocol that this one is or was copied from; null for one's own. */
  readonly base: string | null;
  /** SHA-256 of the protocol's canonical JSON. */
  readonly hash: string;
  /** The whole protocol. */
  readonly value: JsonFacts;
  /** Fields in which it is another than `base`; empty when it is the same. */
  readonly differences: readonly FieldDifference[];
}

/** A field with two values. */
export interface FieldDifference {
  /** Path with dots: `optimizer.momentum`. */
  readonly field: string;
  /** Null where the protocol does not have the field. */
  readonly own: JsonValue;
  readonly named: JsonValue;
}

/** A data set without its pictures. */
export interface DataFacts {
  /** "imagenet-1k", or what the user calls it. */
  readonly name: string;
  readonly origin: string;
  /** Number of pictures. */
  readonly length: number;
  /** Number of classes. */
  readonly classes: number;
  /** SHA-256 of keys and labels in order. */
  readonly listHash: string;
}

/** What ran the encoder and the head. */
export interface EnvironmentFacts {
  readonly provider: string;
  readonly device: string;
  readonly dtype: string;
  /** Operating system and processor architecture, such as "linux x64". */
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** How long it took, in seconds. */
export interface TimeFacts {
  readonly total: number;
  /** Parts in their order: "features", "training", "imagenet-a". */
  readonly parts: readonly { readonly name: string; readonly seconds: number }[];
  /** How often the run was interrupted and went on. */
  readonly resumed: number;
}

/** One head of the grid. */
export interface GridEntry {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Top-1 on the held-out part of train, in percent; null where none was measured. */
  readonly heldOut: number | null;
  /** Mean training loss of the last epoch; null for a head that left the range of numbers. */
  readonly trainLoss: number | null;
  /** Whether the scores are those of this head. */
  readonly chosen: boolean;
}

/** Something measured again and again during training. */
export interface LearningCurve {
  /** "training loss", "top-1 of imagenet-1k". Curves of the same name share a diagram. */
  readonly name: string;
  /** Which line of the diagram: the name of a head, or "" for the only one. */
  readonly line: string;
  readonly x: "step" | "epoch";
  readonly unit: "loss" | "percent" | "rate" | "norm";
  /** Pairs of x and value, x ascending; at most MAX_CURVE_POINTS. */
  readonly points: readonly (readonly [number, number])[];
}

/** More points than this are not seen on a page; thin a longer curve out. */
export const MAX_CURVE_POINTS = 4096;

/** A head that was scored. */
export interface HeadFacts {
  /** "raw", "average", "k = 20". */
  readonly name: string;
  /** The epoch after which it was scored; null for one without epochs. */
  readonly epoch: number | null;
  /** How it came to be this one: "last epoch", "best held-out score of the grid". */
  readonly choice: string;
}

/** Scores of one set. */
export interface SetResult {
  readonly data: DataFacts;
  /** What each label is called; empty where the set has no names for them. */
  readonly classes: readonly string[];
  /** Whether the logits were restricted to a part of the model's classes before they were ranked. */
  readonly restricted: boolean;
  /** One per head of `heads`, in the same order. */
  readonly scores: readonly ClassificationScore[];
  /** Pictures that could not be read, at most MAX_NAMED_PICTURES of them by name; `scores` count them all. */
  readonly unreadable: readonly PictureError[];
}

/** Pictures that a result names of each kind; the others are only counted. */
export const MAX_NAMED_PICTURES = 1000;
