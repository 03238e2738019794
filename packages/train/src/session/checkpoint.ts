// A training as a file: safetensors with parameters and buffers under their own names, so that any reader of weights
// reads them, the optimizer's tensors and averages beside them, and what is no tensor as JSON in the metadata.

import {
  bytesSource,
  encodeSafetensors,
  readSafetensorsHeader,
  readTensor,
  type Tensor,
} from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import type { LossScale } from "../schedules/loss-scale.ts";
import type { Tensors } from "./model.ts";
import type { TensorFacts } from "./setup.ts";

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
  const text = JSON.stringify({ version: VERSION, ...position });
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
 * What a checkpoint holds, in the shapes of `like`.
 *
 * @throws TrainError `mismatch` for the checkpoint of another model, with the first tensor that does not fit, or of
 * another optimizer; `invalid-argument` for a file that is no training checkpoint; ModelError `malformed` for one that is
 * no safetensors
 */
export async function decodeTrainingCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  like: { readonly tensors: TensorFacts; readonly optimizer: TrainingPosition["optimizer"] },
): Promise<{ readonly tensors: Tensors; readonly position: TrainingPosition }> {
  const source = bytesSource(bytes);
  const header = await readSafetensorsHeader(source, { subject: "the training checkpoint" });
  const position = parsePosition(header.metadata.get(KEY));
  const optimizers = [position.optimizer, like.optimizer].map((value) => JSON.stringify(value));
  if (optimizers[0] !== optimizers[1]) {
    throw new TrainError(
      "mismatch",
      `the checkpoint was trained with ${optimizers[0]}, this session has ${optimizers[1]}`,
    );
  }
  for (const name of header.tensors.keys()) {
    if (!Object.hasOwn(like.tensors, name)) throw otherModel(name, "no such tensor here");
  }
  for (const [name, { dtype, shape }] of Object.entries(like.tensors)) {
    const entry = header.tensors.get(name);
    if (entry === undefined) throw otherModel(name, `${formatShape(shape)} here, not there`);
    if (entry.dtype !== dtype || formatShape(entry.shape) !== formatShape(shape)) {
      throw otherModel(
        name,
        `${dtype} ${formatShape(shape)} here, ${entry.dtypeCode} ${formatShape(entry.shape)} there`,
      );
    }
  }
  const tensors: Record<string, Tensor> = {};
  for (const name of Object.keys(like.tensors)) {
    tensors[name] = await readTensor(source, header.tensors.get(name)!);
  }
  return { tensors, position };
}

function otherModel(name: string, difference: string): TrainError {
  return new TrainError(
    "mismatch",
    `the checkpoint is of another model: ${name} is ${difference}`,
    {
      subject: name,
    },
  );
}

function parsePosition(text: string | undefined): TrainingPosition {
  const broken = (cause?: unknown): TrainError =>
    new TrainError(
      "invalid-argument",
      `expected a checkpoint of a training session, version ${VERSION}; its metadata say ${text ?? "nothing"}`,
      { cause },
    );
  if (text === undefined) throw broken();
  let found: Partial<TrainingPosition & { version: number }>;
  try {
    found = JSON.parse(text) as typeof found;
  } catch (error) {
    throw broken(error);
  }
  const { version, step, seed, optimizer, lossScale } = found;
  if (version !== VERSION || !isCount(step) || !isCount(seed) || optimizer === undefined)
    throw broken();
  return { step, seed, optimizer, lossScale };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
