// A training as a file: safetensors with parameters and buffers under their own names, so that any reader of weights
// reads them, the optimizer's tensors and averages beside them, and what is no tensor as JSON in the metadata, with a
// checksum: what comes back is what was saved, or refused.

import {
  type ByteSource,
  bytesSource,
  encodeSafetensors,
  isModelError,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsHeader,
  type Tensor,
} from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import type { LossScale } from "../schedules/loss-scale.ts";
import { checksum } from "./checksum.ts";
import type { Tensors } from "./model.ts";
import type { TensorFacts } from "./setup.ts";
import { mapValues } from "./write-model.ts";

/** Where a training stands, beside its tensors. */
export interface TrainingPosition {
  /** Updates done: the position in the schedule and in the order of the data. */
  readonly step: number;
  readonly seed: number;
  readonly lossScale: LossScale | undefined;
  readonly optimizer: {
    readonly name: string;
    readonly settings: Readonly<Record<string, number | boolean>>;
  };
}

const KEY = "internvit-training";
const VERSION = 1;

/** The bytes of a checkpoint. */
export function encodeTrainingCheckpoint(
  tensors: Tensors,
  position: TrainingPosition,
): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({
    version: VERSION,
    ...position,
    checksum: checksumOf(tensors, position),
  });
  const pieces = [
    ...encodeSafetensors(new Map(Object.entries(tensors)), { metadata: { [KEY]: text } }),
  ];
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/**
 * Where the training of a checkpoint stands. Only its header is looked at.
 *
 * @throws TrainError as `readTrainingCheckpoint`
 */
export async function readTrainingPosition(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<TrainingPosition> {
  return (await readHeader(bytesSource(bytes))).position;
}

/**
 * What a checkpoint holds, of whatever model.
 *
 * @throws TrainError `damaged` for bytes that are not as they were saved, `invalid-argument` for a safetensors file that
 * is no training checkpoint
 */
export async function readTrainingCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ readonly tensors: Tensors; readonly position: TrainingPosition }> {
  const source = bytesSource(bytes);
  const { header, position, checksum: expected } = await readHeader(source);
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of header.tensors) {
    if (entry.dtype !== "float32") {
      throw new TrainError(
        "damaged",
        `the training checkpoint: tensor ${name}: expected F32, found ${entry.dtypeCode}`,
        { subject: name },
      );
    }
    tensors[name] = await readTensor(source, entry);
  }
  const found = checksumOf(tensors, position);
  if (found !== expected) {
    throw new TrainError(
      "damaged",
      `the training checkpoint of update ${position.step}: expected checksum ${expected}, found ${found}: bytes were changed after it was saved`,
    );
  }
  return { tensors, position };
}

/**
 * What a checkpoint holds, in the shapes of `like`.
 *
 * @throws TrainError `mismatch` for the checkpoint of another model, with the first tensor that does not fit, or of
 * another optimizer; `damaged` and `invalid-argument` as `readTrainingCheckpoint`
 */
export async function decodeTrainingCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  like: { readonly tensors: TensorFacts; readonly optimizer: TrainingPosition["optimizer"] },
): Promise<{ readonly tensors: Tensors; readonly position: TrainingPosition }> {
  const { tensors, position } = await readTrainingCheckpoint(bytes);
  const optimizers = [position.optimizer, like.optimizer].map((value) => JSON.stringify(value));
  if (optimizers[0] !== optimizers[1]) {
    throw new TrainError(
      "mismatch",
      `the checkpoint was trained with ${optimizers[0]}, this session has ${optimizers[1]}`,
    );
  }
  for (const [name, { shape }] of Object.entries(tensors)) {
    if (Object.hasOwn(like.tensors, name)) continue;
    throw otherModel(name, `no such tensor here, float32 ${formatShape(shape)} there`);
  }
  const own = mapValues(like.tensors, ({ dtype, shape }, name) => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    const here = `${dtype} ${formatShape(shape)} here`;
    if (tensor === undefined) throw otherModel(name, `${here}, not there`);
    if (formatShape(tensor.shape) === formatShape(shape)) return tensor;
    throw otherModel(name, `${here}, ${tensor.dtype} ${formatShape(tensor.shape)} there`);
  });
  return { tensors: own, position };
}

async function readHeader(source: ByteSource): Promise<{
  readonly header: SafetensorsHeader;
  readonly position: TrainingPosition;
  readonly checksum: number;
}> {
  try {
    const header = await readSafetensorsHeader(source, { subject: "the training checkpoint" });
    return { header, ...parseMetadata(header.metadata.get(KEY)) };
  } catch (cause) {
    throw isModelError(cause) ? new TrainError("damaged", cause.message, { cause }) : cause;
  }
}

/** Of everything that a checkpoint says, in an order that does not depend on the file's. */
function checksumOf(tensors: Tensors, position: TrainingPosition): number {
  const { step, seed, optimizer, lossScale } = position;
  const sorted = Object.entries(tensors).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const shapes = sorted.map(([name, { shape }]) => [name, shape]);
  const text = JSON.stringify([step, seed, optimizer, lossScale ?? null, shapes]);
  let hash = checksum(
    Uint32Array.from(text, (letter) => letter.codePointAt(0)!),
    0,
  );
  for (const [, { data }] of sorted) {
    hash = checksum(new Uint32Array(data.buffer, data.byteOffset, data.length), hash);
  }
  return hash;
}

function otherModel(name: string, difference: string): TrainError {
  return new TrainError(
    "mismatch",
    `the checkpoint is of another model: ${name} is ${difference}`,
    { subject: name },
  );
}

function parseMetadata(text: string | undefined): {
  readonly position: TrainingPosition;
  readonly checksum: number;
} {
  const broken = (cause?: unknown): TrainError =>
    new TrainError(
      "invalid-argument",
      `expected a checkpoint of a training session, version ${VERSION}; its metadata say ${text ?? "nothing"}`,
      { cause },
    );
  if (text === undefined) throw broken();
  let found: Partial<TrainingPosition & { version: number; checksum: number }>;
  try {
    found = JSON.parse(text) as typeof found;
  } catch (error) {
    throw broken(error);
  }
  const { version, step, seed, optimizer, lossScale, checksum: hash } = found;
  const counts = isCount(step) && isCount(seed) && isCount(hash);
  if (version !== VERSION || !counts || optimizer === undefined) throw broken();
  return { position: { step, seed, optimizer, lossScale }, checksum: hash };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
