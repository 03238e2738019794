// What the head sees in one step of an online protocol: pictures drawn, decoded, cropped, mixed and encoded. Mixing is on
// normalised pixels, before the encoder. Pictures go through in chunks that hold both of a pair, so that memory does not
// hold the pixels of a batch: chunk by chunk its partner rows are its own in reverse, as those of the batch are.

import type { Tensor } from "@internvit/model-core";
import {
  IMAGENET_NORMALIZATION,
  packPixels,
  type RgbImage,
  toPixelValues,
} from "@internvit/preprocess";

import { applyMixing } from "../augment/apply-mixing.ts";
import { drawMixing, type Mixing } from "../augment/draw-mixing.ts";
import { applyResizedCrop, drawResizedCrop } from "../augment/resized-crop.ts";
import { softTargets } from "../augment/soft-targets.ts";
import type { ClassificationSet } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import type { OnlineProtocol } from "../protocols/protocol.ts";
import { mapAhead } from "./ahead.ts";
import type { EncoderPool, ProbeInput } from "./encoders.ts";
import { ENCODE_PICTURES, unreadableError } from "./feature-shards.ts";
import { type DecodePicture, decodePicture } from "./prepared-pictures.ts";
import type { UnreadablePicture } from "./run-events.ts";

/** Pictures in a row that cannot be read before the set is given up. */
const MAX_REPLACEMENTS = 1000;

/** One step's input. */
export interface OnlineBatch {
  /** `[batch, 2 · width]` or `[batch, tokens, width]`. */
  readonly input: Tensor<"float32">;
  /** `[batch, classes]`. */
  readonly targets: Tensor<"float32">;
}

/** What batches are made with. */
export interface OnlineBatchOptions {
  readonly protocol: OnlineProtocol;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly encoders: EncoderPool;
  readonly output: ProbeInput;
  readonly decode: DecodePicture;
  /** Told of pictures whose places are taken by others. */
  readonly onUnreadable: (picture: UnreadablePicture) => void;
  /** Told after every chunk how many pictures it had. */
  readonly onChunk: (pictures: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Which step. */
export interface BatchPlace {
  readonly epoch: number;
  /** Within the epoch. */
  readonly batch: number;
  /** The pictures that are due, by index into the set. */
  readonly pictures: Int32Array;
}

/** Draws, reads and encodes the pictures of a step: the same for the same place, whatever was made before. */
export async function onlineBatch(
  set: ClassificationSet,
  place: BatchPlace,
  options: OnlineBatchOptions,
): Promise<OnlineBatch> {
  const { protocol, labels, classes, encoders, output, signal } = options;
  const { imageSize, width, tokens } = encoders;
  const count = place.pictures.length;
  const mixing = mixingOf(protocol, { ...place, imageSize });
  const shape = output === "tokens" ? [count, tokens, width] : [count, 2 * width];
  const rowLength = output === "tokens" ? tokens * width : 2 * width;
  const data = new Float32Array(count * rowLength);
  const used = Int32Array.from(place.pictures);
  const chunks = mapAhead(pairedChunks(count), {
    ahead: encoders.size,
    async map(positions) {
      const samples = await Promise.all(
        positions.map((at) => sampleOf(set, { ...options, place, index: place.pictures[at]! })),
      );
      const images = samples.map(({ image }) => image);
      const pixels = mixing.kind === "none" ? packPixels(images) : mixedPixels(images, mixing);
      return { positions, samples, rows: await encoders.encode(pixels, { output, signal }) };
    },
  });
  for await (const { positions, samples, rows } of chunks) {
    signal?.throwIfAborted();
    for (const [row, at] of positions.entries()) {
      data.set(rows.subarray(row * rowLength, (row + 1) * rowLength), at * rowLength);
      used[at] = samples[row]!.index;
    }
    options.onChunk(positions.length);
  }
  const targets = softTargets(
    used.map((index) => labels[index]!),
    { classes, smoothing: protocol.labelSmoothing, mixing },
  );
  return { input: { dtype: "float32", shape, data }, targets };
}

/** How a step's pictures are mixed. */
function mixingOf(
  { mixing, seed }: OnlineProtocol,
  place: BatchPlace & { readonly imageSize: number },
): Mixing {
  if (mixing === null) return { kind: "none", lambda: 1 };
  const { epoch, batch, imageSize } = place;
  return drawMixing({
    seed,
    epoch,
    batch,
    width: imageSize,
    height: imageSize,
    mixupAlpha: mixing.mixup,
    cutmixAlpha: mixing.cutmix,
    probability: mixing.probability,
    switchProbability: mixing.switchProbability,
  });
}

function mixedPixels(images: readonly RgbImage[], mixing: Mixing): Tensor<"float32"> {
  const values = toPixelValues(images, IMAGENET_NORMALIZATION);
  return applyMixing(values, mixing, { data: values.data });
}

/** Positions of a batch in chunks that are their own partners in reverse. */
function* pairedChunks(count: number): Generator<readonly number[], void, undefined> {
  const half = ENCODE_PICTURES / 2;
  for (let start = 0; start < count / 2; start += half) {
    const front = Array.from({ length: Math.min(half, count / 2 - start) }, (_, at) => start + at);
    yield [...front, ...front.toReversed().map((at) => count - 1 - at)];
  }
}

/** The augmented picture at an index; where it cannot be read, that of the next one that can. */
async function sampleOf(
  set: ClassificationSet,
  options: OnlineBatchOptions & { readonly place: BatchPlace; readonly index: number },
): Promise<{ readonly index: number; readonly image: RgbImage }> {
  const { protocol, place, decode, signal, onUnreadable, encoders } = options;
  const { crop, flip } = protocol.augmentation;
  const { orientation } = protocol;
  for (let tried = 0; tried < Math.min(MAX_REPLACEMENTS, set.length); tried++) {
    const index = (options.index + tried) % set.length;
    const picture = await decodePicture(set, { index, decode, orientation, signal });
    if ("unreadable" in picture) {
      if (protocol.unreadable.train === "fail") throw unreadableError(picture.unreadable);
      onUnreadable(picture.unreadable);
      continue;
    }
    const drawn = drawResizedCrop(picture.image, {
      seed: protocol.seed,
      epoch: place.epoch,
      index,
      areaScale: crop.scale,
      aspectRatio: crop.ratio,
      flipProbability: flip,
    });
    const image = applyResizedCrop(picture.image, drawn, { size: encoders.imageSize });
    return { index, image };
  }
  throw new EvalError(
    "invalid-data",
    `${set.name}: ${MAX_REPLACEMENTS} pictures in a row cannot be read, from index ${options.index} on`,
    { subject: set.name },
  );
}
