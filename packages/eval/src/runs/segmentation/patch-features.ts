// Features of all patches of training pictures, extracted once: `features/patches/<picture>.safetensors` with `features`
// [tokens, width] and `labels` [cropSize, cropSize]. Steps take pictures in any order, so each has a file of its own. A
// small JSON for every 64 of them, written after them, makes them whole; what is there is not made again.

import {
  bytesSource,
  encodeSafetensors,
  float16ToFloat32,
  float32ToFloat16,
  readSafetensorsHeader,
  readTensor,
  type Tensor,
} from "@internvit/model-core";

import {
  packSegmentation,
  type SegmentationSample,
} from "../../augment/segmentation/apply-segmentation.ts";
import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { EvalError } from "../../errors.ts";
import type { FeatureSegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { mapAhead } from "../ahead.ts";
import { unreadableError } from "../feature-shards.ts";
import { joinBytes } from "../join-bytes.ts";
import type { RunProgress } from "../progress.ts";
import type { UnreadablePicture } from "../run-events.ts";
import { readJson, type RunStorage, writeJson } from "../run-storage.ts";
import { setOrder } from "../training-pictures.ts";
import { centreSample } from "./centre-sample.ts";
import { trainingCount } from "./check-run.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";
import type { TapEncoders } from "./tap-encoders.ts";
import { readSample } from "./training-samples.ts";

const FOLDER = "features/patches";
/** Pictures of a note. */
const NOTED = 64;
/** Pictures that are made together. */
const TOGETHER = 4;
const MAX_FLOAT16 = 65_504;

/** Kept features. */
export interface PatchFeatures {
  /** The pictures that have some, in the order that the seed draws. */
  readonly pictures: readonly number[];
  readonly unreadable: readonly UnreadablePicture[];
  /** Hidden state [tokens, width] and labels [cropSize, cropSize] of a picture. */
  read(index: number): Promise<KeptFeatures>;
}

/** Those of a picture. */
export interface KeptFeatures {
  readonly features: Tensor<"float32">;
  readonly labels: Uint8Array;
}

/** What a note holds. */
interface Note {
  readonly pictures: readonly number[];
  readonly unreadable: readonly UnreadablePicture[];
}

/** What an extraction works with. */
export interface PatchFeatureOptions extends Pick<
  SegmentationRunOptions,
  "decode" | "storage" | "signal"
> {
  readonly protocol: FeatureSegmentationProtocol;
  readonly encoders: TapEncoders;
  /** Encoders that there are. */
  readonly parallel: number;
  readonly progress: RunProgress;
  readonly onUnreadable: (picture: UnreadablePicture) => void;
}

/** Extracts what is not there yet. */
export async function extractPatchFeatures(
  set: SegmentationSet,
  options: PatchFeatureOptions,
): Promise<PatchFeatures> {
  const { protocol, storage, progress } = options;
  const count = trainingCount(protocol, set.length);
  const chosen = [...setOrder(set.length, protocol).subarray(0, count)];
  const notes: Note[] = [];
  for (let start = 0; start < count; start += NOTED) {
    const part = chosen.slice(start, start + NOTED);
    const name = `${FOLDER}/note-${String(notes.length).padStart(6, "0")}.json`;
    const known = (await readJson(storage, name)) as Note | undefined;
    if (known === undefined) {
      const note = await makeFeatures(set, { ...options, part });
      await writeJson(storage, { name, value: note });
      notes.push(note);
    } else {
      progress.skip("encode-train", part.length);
      notes.push(known);
    }
  }
  const unreadable = notes.flatMap((note) => note.unreadable);
  for (const picture of unreadable) options.onUnreadable(picture);
  return {
    pictures: notes.flatMap(({ pictures }) => pictures),
    unreadable,
    read: (index) => readFeatures(storage, index),
  };
}

async function makeFeatures(
  set: SegmentationSet,
  options: PatchFeatureOptions & { readonly part: readonly number[] },
): Promise<Note> {
  const { part, protocol, encoders, storage, decode, signal, progress, parallel } = options;
  const { cropSize: size, orientation, inference, stored } = protocol;
  const note = { pictures: [] as number[], unreadable: [] as UnreadablePicture[] };
  const starts = Array.from(
    { length: Math.ceil(part.length / TOGETHER) },
    (_, at) => at * TOGETHER,
  );
  let begin = performance.now();
  const made = mapAhead(starts, {
    ahead: parallel,
    async map(start) {
      const found = await Promise.all(
        part.slice(start, start + TOGETHER).map(async (index) => ({
          index,
          sample: await readSample(set, { decode, orientation, signal, index }),
        })),
      );
      const good: number[] = [];
      const samples: SegmentationSample[] = [];
      const unreadable: UnreadablePicture[] = [];
      for (const { index, sample } of found) {
        if ("unreadable" in sample) {
          if (protocol.unreadable.train === "fail") throw unreadableError(sample.unreadable);
          unreadable.push(sample.unreadable);
        } else {
          good.push(index);
          samples.push(centreSample(sample, { shortSide: inference.shortSide, size }));
        }
      }
      if (good.length === 0) return { good, unreadable };
      const { pixelValues, labels } = packSegmentation(samples, { size });
      const { "taps.0": hidden } = await encoders.taps(pixelValues, signal);
      return { good, unreadable, hidden: hidden as Tensor<"float32">, labels };
    },
  });
  for await (const { good, unreadable, hidden, labels } of made) {
    signal?.throwIfAborted();
    if (hidden !== undefined) {
      const [, tokens = 0, width = 0] = hidden.shape;
      for (const [row, index] of good.entries()) {
        const values = hidden.data.subarray(row * tokens * width, (row + 1) * tokens * width);
        const subject = `${set.name}, picture ${index}`;
        const features = { ...storedAs(stored, values, subject), shape: [tokens, width] };
        const plane = labels.data.subarray(row * size * size, (row + 1) * size * size);
        const tensors = new Map<string, Tensor>([
          ["features", features],
          ["labels", { dtype: "uint8", shape: [size, size], data: plane }],
        ]);
        await storage.write(fileOf(index), joinBytes(encodeSafetensors(tensors)));
      }
    }
    note.pictures.push(...good);
    note.unreadable.push(...unreadable);
    const now = performance.now();
    const count = good.length + unreadable.length;
    progress.advance("encode-train", { count, milliseconds: now - begin });
    begin = now;
  }
  return note;
}

function storedAs(
  stored: FeatureSegmentationProtocol["stored"],
  values: Float32Array,
  subject: string,
): Pick<Tensor<"float16"> | Tensor<"float32">, "dtype" | "data"> {
  if (stored === "float32") return { dtype: "float32", data: values };
  const large = values.find((value) => Math.abs(value) > MAX_FLOAT16);
  if (large === undefined) return { dtype: "float16", data: float32ToFloat16(values) };
  throw new EvalError(
    "invalid-data",
    `${subject}: a feature is ${large}, which float16 does not hold; "stored": "float32" does`,
    { subject },
  );
}

async function readFeatures(storage: RunStorage, index: number): Promise<KeptFeatures> {
  const subject = fileOf(index);
  const bytes = await storage.read(subject);
  if (bytes === undefined) throw new EvalError("io", `${subject} is gone`, { subject });
  const source = bytesSource(bytes);
  const { tensors } = await readSafetensorsHeader(source, { subject });
  const [features, labels] = ["features", "labels"].map((name) => tensors.get(name));
  if (features === undefined || labels === undefined) {
    throw new EvalError("invalid-data", `${subject}: expected features and labels`, { subject });
  }
  const { dtype, shape, data } = await readTensor(source, features);
  const floats =
    dtype === "float16" ? float16ToFloat32(data as Uint16Array) : (data as Float32Array);
  return {
    features: { dtype: "float32", shape, data: floats },
    labels: (await readTensor(source, labels)).data as Uint8Array,
  };
}

function fileOf(index: number): string {
  return `${FOLDER}/${String(index).padStart(8, "0")}.safetensors`;
}
