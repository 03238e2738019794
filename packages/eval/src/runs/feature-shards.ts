// Features of a list of pictures, extracted once and kept in shards: `<folder>/00000.safetensors` with `features`
// [rows, width] and `index` [rows], the picture of each row; beside it a small JSON, written last, that makes it whole.
// A shard that is there is not made again, which is all that resuming takes.

import {
  bytesSource,
  encodeSafetensors,
  readSafetensorsHeader,
  readTensor,
} from "@internvit/model-core";
import { packPixels, type RgbImage } from "@internvit/preprocess";

import { evaluationCrop } from "../augment/evaluation-crop.ts";
import type { ClassificationSet } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { mapAhead } from "./ahead.ts";
import type { EncoderPool, ProbeInput } from "./encoders.ts";
import { joinBytes } from "./join-bytes.ts";
import { type DecodePicture, decodePicture } from "./prepared-pictures.ts";
import type { RunProgress } from "./progress.ts";
import type { OnRunEvent, RunStage, UnreadablePicture } from "./run-events.ts";
import { readJson, type RunStorage, writeJson } from "./run-storage.ts";

/** Pictures of a shard: 8 MB of float32 at a width of 2048. */
export const SHARD_PICTURES = 1024;
/** Pictures that are encoded together. */
export const ENCODE_PICTURES = 8;

/** Features in shards. */
export interface FeatureShards {
  /** Rows of each shard. */
  readonly rows: readonly number[];
  /** Of all shards. */
  readonly total: number;
  readonly width: number;
  readonly unreadable: readonly UnreadablePicture[];
  /** What the extraction took, in whichever life of the run. */
  readonly seconds: number;
  /** A shard: features [rows, width], and the picture of each row as its index into the set. */
  read(shard: number): Promise<ShardRows>;
}

/** What the extractions took together, in seconds. */
export function extractionSeconds(all: readonly FeatureShards[]): number {
  return all.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Some rows. */
export interface ShardRows {
  readonly features: Float32Array;
  readonly index: Int32Array;
}

/** What an extraction works with. */
export interface ExtractionParts {
  readonly encoders: EncoderPool;
  readonly decode: DecodePicture;
  readonly orientation: Protocol["orientation"];
  readonly storage: RunStorage;
  readonly progress: RunProgress;
  readonly onEvent: OnRunEvent;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `extractShards`. */
export interface ExtractShardsOptions extends ExtractionParts {
  /** The pictures, by index into the set, in the order of the rows. */
  readonly pictures: Int32Array;
  readonly folder: string;
  readonly stage: RunStage;
  readonly unreadable: "go-on" | "fail";
}

interface ShardNote {
  readonly rows: number;
  readonly unreadable: readonly UnreadablePicture[];
  /** What it took to make. */
  readonly seconds: number;
}

/**
 * Extracts what is not there yet: class token beside patch mean of each picture's centre crop.
 *
 * @throws EvalError `invalid-data` for an unreadable picture where those end the run; what set, encoder and storage throw;
 * the signal's reason. Finished shards stay.
 */
export async function extractShards(
  set: ClassificationSet,
  options: ExtractShardsOptions,
): Promise<FeatureShards> {
  const { pictures, folder, stage, storage, encoders, progress } = options;
  const notes: ShardNote[] = [];
  for (let start = 0; start < pictures.length; start += SHARD_PICTURES) {
    const part = pictures.subarray(start, start + SHARD_PICTURES);
    const name = `${folder}/${String(notes.length).padStart(5, "0")}`;
    const known = (await readJson(storage, `${name}.json`)) as ShardNote | undefined;
    if (known !== undefined) {
      progress.skip(stage, part.length);
      notes.push(known);
      continue;
    }
    const note = await writeShard(set, { ...options, pictures: part, name });
    notes.push(note);
  }
  const unreadable = notes.flatMap((note) => note.unreadable);
  for (const picture of unreadable) options.onEvent({ kind: "unreadable", picture });
  const rows = notes.map((note) => note.rows);
  return {
    rows,
    total: rows.reduce((sum, count) => sum + count, 0),
    width: 2 * encoders.width,
    unreadable,
    seconds: notes.reduce((sum, note) => sum + note.seconds, 0),
    read: (shard) => readShard(storage, `${folder}/${String(shard).padStart(5, "0")}`),
  };
}

async function writeShard(
  set: ClassificationSet,
  options: ExtractShardsOptions & { readonly name: string },
): Promise<ShardNote> {
  const { pictures, name, encoders, storage, progress, stage, signal } = options;
  const width = 2 * encoders.width;
  const features = new Float32Array(pictures.length * width);
  const index = new Int32Array(pictures.length);
  const unreadable: UnreadablePicture[] = [];
  let rows = 0;
  const start = performance.now();
  let begin = start;
  const chunks = encodedChunks(set, options);
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    for (const [at, picture] of chunk.pictures.entries()) {
      features.set(chunk.features.subarray(at * width, (at + 1) * width), rows * width);
      index[rows++] = picture;
    }
    unreadable.push(...chunk.unreadable);
    const count = chunk.pictures.length + chunk.unreadable.length;
    const now = performance.now();
    progress.advance(stage, { count, milliseconds: now - begin });
    begin = now;
  }
  const bytes = encodeSafetensors(
    new Map([
      [
        "features",
        { dtype: "float32", shape: [rows, width], data: features.subarray(0, rows * width) },
      ],
      ["index", { dtype: "int32", shape: [rows], data: index.subarray(0, rows) }],
    ]),
  );
  await storage.write(`${name}.safetensors`, joinBytes(bytes));
  const note: ShardNote = { rows, unreadable, seconds: (performance.now() - start) / 1e3 };
  await writeJson(storage, { name: `${name}.json`, value: note });
  return note;
}

/** Some pictures that went through the encoder. */
export interface EncodedChunk {
  /** Those that could be read. */
  readonly pictures: readonly number[];
  readonly unreadable: readonly UnreadablePicture[];
  readonly features: Float32Array;
}

/** Chunk after chunk through the encoders, the next ones decoded meanwhile. */
export function encodedChunks(
  set: ClassificationSet,
  options: Pick<
    ExtractShardsOptions,
    "pictures" | "encoders" | "decode" | "orientation" | "signal"
  > & {
    readonly unreadable: "go-on" | "wrong" | "fail";
    /** What the encoder gives. Default: features. */
    readonly output?: ProbeInput;
  },
): AsyncIterable<EncodedChunk> {
  const { pictures, encoders, decode, orientation, signal, output = "features" } = options;
  const starts = Array.from(
    { length: Math.ceil(pictures.length / ENCODE_PICTURES) },
    (_, chunk) => chunk * ENCODE_PICTURES,
  );
  return mapAhead(starts, {
    ahead: encoders.size,
    async map(start) {
      const chunk = [...pictures.subarray(start, start + ENCODE_PICTURES)];
      const decoded = await Promise.all(
        chunk.map((index) => decodePicture(set, { index, decode, orientation, signal })),
      );
      const images: RgbImage[] = [];
      const good: number[] = [];
      const unreadable: UnreadablePicture[] = [];
      for (const picture of decoded) {
        if ("unreadable" in picture) unreadable.push(picture.unreadable);
        else {
          images.push(evaluationCrop(picture.image, { size: encoders.imageSize }));
          good.push(picture.index);
        }
      }
      const [bad] = unreadable;
      if (bad !== undefined && options.unreadable === "fail") throw unreadableError(bad);
      const features =
        images.length === 0
          ? new Float32Array()
          : await encoders.encode(packPixels(images), { output: output, signal });
      return { pictures: good, unreadable, features };
    },
  });
}

/** The error for a picture whose protocol ends the run there. */
export function unreadableError({ set, message, key }: UnreadablePicture): EvalError {
  return new EvalError("invalid-data", `${set}: ${message}`, { subject: key });
}

async function readShard(storage: RunStorage, name: string): Promise<ShardRows> {
  const bytes = await storage.read(`${name}.safetensors`);
  if (bytes === undefined) {
    throw new EvalError("io", `${name}.safetensors is gone`, { subject: name });
  }
  const source = bytesSource(bytes);
  const { tensors } = await readSafetensorsHeader(source, { subject: name });
  const [features, index] = await Promise.all(
    ["features", "index"].map(async (tensor) => {
      const entry = tensors.get(tensor);
      if (entry === undefined) {
        throw new EvalError("invalid-data", `${name}.safetensors has no ${tensor}`, {
          subject: name,
        });
      }
      // The features may be moved away.
      return readTensor(source, entry, { share: tensor === "features" });
    }),
  );
  return { features: features!.data as Float32Array, index: index!.data as Int32Array };
}

/** The shards of all sets for validation, in their own order. */
export async function extractVal(
  val: readonly ClassificationSet[],
  options: ExtractionParts & { readonly unreadable: "wrong" | "fail" },
): Promise<readonly FeatureShards[]> {
  const all: FeatureShards[] = [];
  for (const set of val) {
    all.push(
      await extractShards(set, {
        ...options,
        pictures: Int32Array.from({ length: set.length }, (_, index) => index),
        folder: `features/val-${set.name}`,
        stage: "encode-val",
        unreadable: options.unreadable === "fail" ? "fail" : "go-on",
      }),
    );
  }
  return all;
}
