// Scores of the head that is being trained, as it is and averaged, on one set. Features are those of the centre crop, so
// they are the same in every epoch: where they are small, as those of the linear probe, they are kept; all tokens are
// computed anew.

import type { TrainingSession } from "@internvit/train";

import type { ClassificationSet } from "../datasets/classification-set.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { SetResult } from "../results/result.ts";
import type { EncoderPool, ProbeInput } from "./encoders.ts";
import { encodedChunks, type FeatureShards } from "./feature-shards.ts";
import type { DecodePicture } from "./prepared-pictures.ts";
import type { UnreadablePicture } from "./run-events.ts";
import { collectScores } from "./set-scores.ts";

/** Rows of kept features that are evaluated together. */
const ROWS = 256;

/** What scores are computed with. */
export interface OnlineScoreOptions {
  readonly session: TrainingSession;
  readonly classes: readonly string[];
  readonly averaged: boolean;
  readonly unreadable: "wrong" | "fail";
  readonly encoders: EncoderPool;
  readonly output: ProbeInput;
  readonly decode: DecodePicture;
  readonly orientation: Protocol["orientation"];
  /** Kept features. */
  readonly shards?: FeatureShards | undefined;
  /** Told of pictures that cannot be read, where features are not kept. */
  readonly onUnreadable: (picture: UnreadablePicture) => void;
  /** Told how many pictures were scored. */
  readonly onPictures: (count: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The scores of the head, and after them those of its average where there is one. */
export async function scoreOnline(
  set: ClassificationSet,
  options: OnlineScoreOptions,
): Promise<SetResult> {
  const { session, classes, averaged, unreadable, encoders, output, shards, signal } = options;
  const scores = collectScores(set, { classes, heads: averaged ? 2 : 1, unreadable });
  const rowShape = output === "tokens" ? [encoders.tokens, encoders.width] : [2 * encoders.width];
  const add = async (index: ArrayLike<number>, data: Float32Array): Promise<void> => {
    const batch = {
      [output]: { dtype: "float32" as const, shape: [index.length, ...rowShape], data },
    };
    const logits: Float32Array[] = [];
    for (const average of averaged ? [false, true] : [false]) {
      const { outputs } = await session.evaluate(batch, {
        averaged: average,
        ...(signal !== undefined && { signal }),
      });
      logits.push(outputs["logits"]!.data as Float32Array);
    }
    await scores.add(index, logits);
  };
  if (shards === undefined) {
    const pictures = Int32Array.from({ length: set.length }, (_, index) => index);
    for await (const chunk of encodedChunks(set, { ...options, pictures })) {
      signal?.throwIfAborted();
      if (chunk.pictures.length > 0) await add(chunk.pictures, chunk.features);
      await scores.addUnreadable(chunk.unreadable);
      for (const picture of chunk.unreadable) options.onUnreadable(picture);
      options.onPictures(chunk.pictures.length + chunk.unreadable.length);
    }
    return scores.result();
  }
  for (let shard = 0; shard < shards.rows.length; shard++) {
    const { features, index } = await shards.read(shard);
    for (let row = 0; row < index.length; row += ROWS) {
      const part = index.subarray(row, row + ROWS);
      const rows = features.slice(row * shards.width, (row + part.length) * shards.width);
      await add(part, rows);
    }
  }
  await scores.addUnreadable(shards.unreadable);
  return scores.result();
}
