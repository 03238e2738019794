// What a segmentation run will do, and how long that takes, before days are spent: counts from the protocol and the sets,
// times from a step and a picture.

import { elementCount, type EncoderConfig, type Tensor } from "@internvit/model-core";

import type { SegmentationForm } from "../../heads/segmentation/form.ts";
import { headTensors } from "../../heads/segmentation/head-tensors.ts";
import { segmentImage } from "../../inference/segment-image.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { type SegmentationBlocks, segmentationBlocks } from "./blocks.ts";
import { checkRun, trainingCount } from "./check-run.ts";
import type { SegmentationCosts, SegmentationRunOptions } from "./segmentation-run-options.ts";
import { openTraining, type SegmentationTraining, tunedEncoder } from "./segmentation-training.ts";
import { createTapEncoders, ENCODED_TOGETHER, type TapEncoders } from "./tap-encoders.ts";
import { scoringsOf } from "./training-run.ts";

/** What is known of a run before anything is measured. */
export interface SegmentationOutline extends SegmentationBlocks {
  readonly iterations: number;
  readonly train: {
    /** Pictures that crops are taken from, or whose features are kept. */
    readonly pictures: number;
    /** Crops that go through the encoder, each as often as it does. */
    readonly encoded: number;
  };
  readonly val: {
    readonly name: string;
    readonly pictures: number;
    /** How often all of them are segmented. */
    readonly scorings: number;
  };
  /** What is written, in bytes: kept features, checkpoints and heads. */
  readonly diskBytes: number;
  /** What is held beside a frozen encoder, in bytes: weights, optimizer, inputs and activations of a step. Estimated. */
  readonly memoryBytes: number;
  /** The same while `planSegmentation` measures, with fewer pictures. */
  readonly measuringBytes: number;
}

/** What a run will do. */
export interface SegmentationPlan extends SegmentationOutline {
  /** Measured here and now, on black pictures in the format 4:3. */
  readonly costs: SegmentationCosts;
  /** All of it, from nothing. */
  readonly milliseconds: number;
}

/** Pictures of the step that is measured; its time is nearly proportional to them. UperNet's norms take no fewer. */
const MEASURED = 2;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
/**
 * How often a step has a head's weights and maps at once, beside its state: gradients, and what convolutions lay out anew.
 * Seen: 1.5 times the maps for UperNet of 128 channels and crops of 224 pixels, and above 3 for 1536 and 504.
 */
const WORKING = { linear: 1, upernet: 3 } as const;

/**
 * What follows from protocol, sets and model alone: a run that does not fit into memory says so before it is tried.
 *
 * @throws EvalError as `runSegmentation` for what does not fit together
 */
export function outlineSegmentation(
  protocol: SegmentationProtocol,
  options: Pick<SegmentationRunOptions, "checkpoint" | "train" | "val">,
): SegmentationOutline {
  const { checkpoint, train, val } = options;
  const { config } = checkpoint;
  checkRun(protocol, options);
  const found = segmentationBlocks(protocol, config);
  const features = protocol.kind === "features";
  const { iterations, batch, head } = protocol;
  const pictures = trainingCount(protocol, train.length);
  const form = { ...head, width: config.hiddenSize, classes: train.classes.length };
  const parts = { ...found, form, config, pictures };
  const measured = { ...protocol, batch: Math.min(batch, MEASURED) };
  return {
    ...found,
    iterations,
    train: { pictures, encoded: features ? pictures : iterations * batch },
    val: {
      name: val.name,
      pictures: val.length,
      scorings: features ? 1 : scoringsOf(iterations, protocol.scoreEvery),
    },
    ...bytesOf(protocol, parts),
    measuringBytes: bytesOf(measured, parts).memoryBytes,
  };
}

/**
 * The plan of a run. Nothing is written.
 *
 * @throws EvalError as `runSegmentation` for what does not fit
 */
export async function planSegmentation(
  protocol: SegmentationProtocol,
  options: Omit<SegmentationRunOptions, "storage" | "decode">,
): Promise<SegmentationPlan> {
  const outline = outlineSegmentation(protocol, options);
  const { blocks, iterations, train, val } = outline;
  const { cropSize } = protocol;
  await using encoders =
    tunedEncoder(protocol) === undefined
      ? createTapEncoders(options.openEncoders, { blocks })
      : undefined;
  const parallel = (await encoders?.open({ width: cropSize, height: cropSize }))?.length ?? 1;
  const batch = Math.min(protocol.batch, MEASURED);
  await using training = await openTraining(protocol, { ...options, blocks, encoders, batch });
  const parts = { ...options, training, encoders, batch, parallel };
  const costs: SegmentationCosts = {
    iteration: await measureIteration(protocol, parts),
    picture: await measurePicture(protocol, parts),
  };
  const extraction =
    protocol.kind === "features" ? train.encoded * (await measureCrop(protocol, parts)) : 0;
  const scored = val.scorings * val.pictures;
  const milliseconds = extraction + iterations * costs.iteration + scored * costs.picture;
  return { ...outline, costs, milliseconds };
}

interface Measured {
  readonly training: SegmentationTraining;
  readonly encoders: TapEncoders | undefined;
  readonly batch: number;
  readonly parallel: number;
  readonly signal?: AbortSignal;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Black crops, normalised. */
function crops(count: number, size: number): Tensor<"float32"> {
  const shape = [count, 3, size, size];
  return { dtype: "float32", shape, data: new Float32Array(elementCount(shape)) };
}

/** Milliseconds for each iteration; reading goes on meanwhile and is not in it. */
async function measureIteration(
  protocol: SegmentationProtocol,
  measured: Measured,
): Promise<number> {
  const { training, batch, signal } = measured;
  const { cropSize: size } = protocol;
  const stop = signal === undefined ? {} : { signal };
  const input = await training.input(crops(batch, size), signal);
  const step = async (): Promise<void> => {
    const labels: Tensor<"uint8"> = {
      dtype: "uint8",
      shape: [batch, size, size],
      data: new Uint8Array(batch * size * size),
    };
    await training.session.step({ ...input, ...training.masks(), labels }, stop);
  };
  await step();
  const stepping = ((await timeOf(step)) * protocol.batch) / batch;
  return stepping + (protocol.kind === "features" ? 0 : await measureEncoding(protocol, measured));
}

/** Milliseconds until frozen encoders, as many as share a batch, have the crops of an iteration. */
async function measureEncoding(
  { batch, cropSize }: SegmentationProtocol,
  { encoders, parallel, signal }: Measured,
): Promise<number> {
  if (encoders === undefined) return 0;
  const chunks = Math.ceil(batch / ENCODED_TOGETHER);
  const lanes = Math.min(parallel, chunks);
  const once = () =>
    Promise.all(Array.from({ length: lanes }, () => encoders.taps(crops(1, cropSize), signal)));
  await once();
  const rounds = Math.ceil(chunks / lanes) * Math.min(batch, ENCODED_TOGETHER);
  return (await timeOf(once)) * rounds;
}

/** Milliseconds for each picture that is scored, with as many at a time as there are encoders. */
async function measurePicture(
  { inference: settings }: SegmentationProtocol,
  { training, parallel, signal }: Measured,
): Promise<number> {
  const height = settings.shortSide;
  const width = Math.round((height * 4) / 3);
  const image = { width, height, data: new Uint8Array(width * height * 3) };
  await using logits = await training.openWindows();
  const once = () => segmentImage(image, { logits, settings, signal });
  const all = () => Promise.all(Array.from({ length: parallel }, once));
  await once();
  return (await timeOf(all)) / parallel;
}

/** Milliseconds for each crop that is encoded once. */
async function measureCrop(
  { cropSize }: SegmentationProtocol,
  { encoders, parallel, signal }: Measured,
): Promise<number> {
  const once = async () => encoders?.taps(crops(1, cropSize), signal);
  await once();
  return (await timeOf(() => Promise.all(Array.from({ length: parallel }, once)))) / parallel;
}

function bytesOf(
  protocol: SegmentationProtocol,
  options: SegmentationBlocks & {
    readonly form: SegmentationForm;
    readonly config: EncoderConfig;
    readonly pictures: number;
  },
): Pick<SegmentationPlan, "diskBytes" | "memoryBytes"> {
  const { form, config, blocks, pictures } = options;
  const { hiddenSize: width, intermediateSize, numAttentionHeads, patchSize } = config;
  const { batch, cropSize } = protocol;
  const patches = (cropSize / patchSize) ** 2;
  const tokens = 1 + patches;
  const head = headTensors(form).reduce((sum, { shape }) => sum + FLOAT * elementCount(shape), 0);
  const used = Math.max(...blocks) + 1;
  const tuned = tunedEncoder(protocol) !== undefined;
  const encoder = tuned
    ? FLOAT * (used * width * (4 * width + 2 * intermediateSize) + tokens * width)
    : 0;
  const weights = head + encoder;
  // Of a block: what its two norms, attention and MLP keep for the way back, and the weights of attention.
  const perBlock =
    tokens * (8 * width + 2 * intermediateSize) + numAttentionHeads * tokens * tokens;
  const activations = tuned ? FLOAT * batch * used * perBlock : 0;
  const taps = FLOAT * batch * blocks.length * tokens * width;
  const kept = protocol.kind === "features" ? 2 * (protocol.stored === "float16" ? 1 : 2) : 0;
  return {
    // Two checkpoints of weights and both moments, two heads.
    diskBytes:
      2 * 3 * weights +
      2 * weights +
      pictures * (kept * tokens * width + Math.sign(kept) * cropSize ** 2),
    // Weights, both moments, and gradients or the next state; the session takes a copy of what it is fed.
    memoryBytes:
      4 * weights +
      2 * taps +
      activations +
      WORKING[form.kind] * (head + FLOAT * batch * headActivations(form, patches)),
  };
}

/** Numbers that a head keeps for the way back, for each picture. */
function headActivations(form: SegmentationForm, patches: number): number {
  const { classes, width } = form;
  if (form.kind === "linear") return patches * (2 * width + 2 * classes);
  const { channels } = form;
  // The levels are 16, 4, 1 and a quarter of the patches; at the first: the pyramid's layers, laterals, FPN, fusion.
  return patches * (16 * (3 * width + 12 * channels + classes) + 4 * (2 * width + 6 * channels));
}
