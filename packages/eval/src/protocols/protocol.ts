// How a probe is done, as a value: everything that has a say in the numbers and is not the encoder, the data or the
// machine. Printed and hashed with every result; one's own is a copy with other values.

import { z } from "zod";

import { EvalError } from "../errors.ts";

/** Stochastic gradient descent as both probes use it. */
export interface OptimizerProtocol {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Learning rates are for this many pictures a step and scaled with the batch. */
  readonly rateBatch: number;
  /** A cosine over all updates, per update; the warm-up is linear from 0 and does not shift it. */
  readonly schedule: {
    readonly kind: "cosine";
    readonly warmupEpochs: number;
    /** Scaled with the batch, as the learning rate. */
    readonly minimum: number;
    /** Whether update s has the rate of update s − 1, as in the published recipe. */
    readonly oneUpdateBehind: boolean;
  };
  /** Largest norm of the gradients of a head; null: no clipping. */
  readonly maxGradNorm: number | null;
  /** Of the moving average of all weights and running statistics; null: none is kept. */
  readonly averageDecay: number | null;
}

/** What all protocols have. */
export interface CommonProtocol {
  readonly version: 1;
  /** What results call it. */
  readonly name: string;
  /** Of the first weights, the order of the pictures and the augmentations. */
  readonly seed: number;
  /** Pixels per edge; null: what the encoder was made for. */
  readonly imageSize: number | null;
  /**
   * Whether the orientation that cameras note in EXIF is applied. `as-published`: to pictures of imagenet-1k, which the
   * published code decodes with OpenCV, and to no others, which it decodes with Pillow.
   */
  readonly orientation: "as-published" | "ignore" | "apply";
  readonly unreadable: {
    /** `leave-out`: trained without it (online, the next picture of the set takes its place); `fail`: the run ends. */
    readonly train: "leave-out" | "fail";
    /** `wrong`: counts as a picture that was classified wrongly; `fail`: the run ends. */
    readonly val: "wrong" | "fail";
  };
}

/** A head that is trained on features which are extracted once: centre crop, no augmentation. */
export interface FeaturesProtocol extends CommonProtocol {
  readonly kind: "features";
  /** Class token and patch mean, batch norm, a linear layer. */
  readonly head: "linear";
  readonly epochs: number;
  readonly batch: number;
  /** Training pictures of each class; null: all. */
  readonly perClass: number | null;
  /** What is held out of the training pictures to choose from the grid: a share of them, or so many of each class. */
  readonly heldOut: { readonly share: number } | { readonly perClass: number };
  /** One head for each pair, all trained at once. */
  readonly grid: {
    readonly learningRates: readonly number[];
    readonly weightDecays: readonly number[];
  };
  /** Rows that are shuffled together: sets with fewer are held in memory, larger ones are streamed in windows of as many. */
  readonly shuffleRows: number;
  readonly labelSmoothing: number;
  readonly batchNorm: BatchNormProtocol;
  readonly optimizer: OptimizerProtocol;
}

/** A head that is trained while the encoder runs on augmented pictures. */
export interface OnlineProtocol extends CommonProtocol {
  readonly kind: "online";
  readonly head: "linear" | "attention-pooling";
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly augmentation: {
    /** A part of the picture of random area and aspect, resized to the input. */
    readonly crop: {
      readonly scale: readonly [number, number];
      readonly ratio: readonly [number, number];
    };
    /** Probability of a horizontal flip. */
    readonly flip: number;
  };
  /** Of pictures in a batch with those of the reversed batch; null: none. */
  readonly mixing: {
    /** Alpha of the share's Beta distribution, at most 4; 0: never. */
    readonly mixup: number;
    readonly cutmix: number;
    readonly probability: number;
    readonly switchProbability: number;
  } | null;
  readonly labelSmoothing: number;
  readonly batchNorm: BatchNormProtocol;
  readonly optimizer: OptimizerProtocol;
}

/** Classes by the nearest training pictures. */
export interface NeighboursProtocol extends CommonProtocol {
  readonly kind: "neighbours";
  readonly feature: "class-token" | "patch-mean";
  /** One result for each. */
  readonly neighbours: readonly number[];
  /** Neighbours vote with exp(cosine / temperature). */
  readonly temperature: number;
  /** As in `FeaturesProtocol`. */
  readonly perClass: number | null;
}

/** Batch norm before the linear layer. */
export interface BatchNormProtocol {
  readonly epsilon: number;
  readonly momentum: number;
}

/** How a probe is done. */
export type Protocol = FeaturesProtocol | OnlineProtocol | NeighboursProtocol;

const count = z.int().min(1).max(1_000_000_000);
const share = z.number().min(0).max(1);
const rate = z.number().positive();
/** Of a Beta distribution; 0: this way of mixing is not used. */
const alpha = z.number().min(0).max(4);
const decay = z.number().min(0);
const name = z.string().regex(/^[\w.-]{1,64}$/, "letters, digits, dots and dashes");

const optimizer = z.strictObject({
  kind: z.literal("sgd"),
  momentum: z.number().min(0).lt(1),
  nesterov: z.boolean(),
  rateBatch: count,
  schedule: z.strictObject({
    kind: z.literal("cosine"),
    warmupEpochs: z.number().min(0),
    minimum: z.number().min(0),
    oneUpdateBehind: z.boolean(),
  }),
  maxGradNorm: rate.nullable(),
  averageDecay: z.number().min(0).lt(1).nullable(),
});

const batchNorm = z.strictObject({ epsilon: rate, momentum: share });

const common = {
  version: z.literal(1),
  name,
  seed: z.int().min(0).max(0xffffffff),
  imageSize: count.nullable(),
  orientation: z.enum(["as-published", "ignore", "apply"]),
  unreadable: z.strictObject({
    train: z.enum(["leave-out", "fail"]),
    val: z.enum(["wrong", "fail"]),
  }),
};

const range = (minimum: number) =>
  z
    .tuple([z.number().gt(minimum), z.number().gt(minimum)])
    .refine(([low, high]) => low <= high, "the smaller number first");

const schema: z.ZodType<Protocol> = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("features"),
    head: z.literal("linear"),
    epochs: count,
    batch: count.min(2),
    perClass: count.nullable(),
    heldOut: z.union([
      z.strictObject({ share: z.number().gt(0).lt(1) }),
      z.strictObject({ perClass: count }),
    ]),
    grid: z.strictObject({
      learningRates: z.array(rate).min(1).max(64),
      weightDecays: z.array(decay).min(1).max(64),
    }),
    shuffleRows: count,
    labelSmoothing: z.number().min(0).lt(1),
    batchNorm,
    optimizer,
  }),
  z.strictObject({
    ...common,
    kind: z.literal("online"),
    head: z.enum(["linear", "attention-pooling"]),
    epochs: count,
    batch: count
      .min(2)
      .multipleOf(2, "an even number: pictures are mixed with those of the reversed batch"),
    learningRate: rate,
    weightDecay: decay,
    augmentation: z.strictObject({
      crop: z.strictObject({ scale: range(0), ratio: range(0) }),
      flip: share,
    }),
    mixing: z
      .strictObject({
        mixup: alpha,
        cutmix: alpha,
        probability: share,
        switchProbability: share,
      })
      .nullable(),
    labelSmoothing: z.number().min(0).lt(1),
    batchNorm,
    optimizer,
  }),
  z.strictObject({
    ...common,
    kind: z.literal("neighbours"),
    feature: z.enum(["class-token", "patch-mean"]),
    neighbours: z.array(count.max(1000)).min(1).max(16),
    temperature: rate,
    perClass: count.nullable(),
  }),
]);

/**
 * A protocol from JSON.
 *
 * @throws EvalError `invalid-data` that names the first field that is wrong
 */
export function parseProtocol(
  json: unknown,
  options: {
    /** Where it comes from, for messages. */
    readonly subject: string;
  },
): Protocol {
  const { subject } = options;
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path = [], message = "not a protocol" } = result.error.issues[0] ?? {};
  const field = path.length === 0 ? "" : `${path.join(".")}: `;
  throw new EvalError("invalid-data", `${subject}: expected a protocol; ${field}${message}`, {
    subject,
  });
}
