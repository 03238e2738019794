// One scoring of the set for validation. It takes long, so it can be left at any picture and gone on with.

import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { classColours } from "../../inference/class-colours.ts";
import { encodeLabelPng } from "../../inference/label-png.ts";
import { segmentImage } from "../../inference/segment-image.ts";
import type { WindowLogits } from "../../inference/window-logits.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { MAX_NAMED_PICTURES } from "../../results/result.ts";
import type {
  SegmentationExample,
  SegmentationSetResult,
  SegmentationSetScore,
} from "../../results/segmentation-result.ts";
import { encodeBase64 } from "../../scoring/base64.ts";
import { chooseExamples } from "../../scoring/choose-examples.ts";
import {
  createSegmentationSetScorer,
  type SegmentationSetState,
} from "../../scoring/segmentation-set.ts";
import { mapAhead } from "../ahead.ts";
import { unreadableError } from "../feature-shards.ts";
import type { DecodePicture } from "../prepared-pictures.ts";
import type { UnreadablePicture } from "../run-events.ts";
import { reasonOf } from "../unreadable-pictures.ts";
import { readSample } from "./training-samples.ts";

/** How far a scoring is, as JSON. */
export interface ScoringState {
  /** Of each picture so far; null where it has none. */
  readonly meanIous: readonly (number | null)[];
  readonly scorer: SegmentationSetState;
  readonly unreadable: number;
  readonly named: SegmentationSetResult["unreadable"];
}

/** What a scoring found. */
export interface Scoring {
  readonly score: SegmentationSetScore;
  /** Of each picture; null where it has none. */
  readonly meanIous: readonly (number | null)[];
  /** At most MAX_NAMED_PICTURES of them. */
  readonly unreadable: SegmentationSetResult["unreadable"];
}

/** What pictures are segmented with. */
export interface ScoringOptions {
  readonly protocol: SegmentationProtocol;
  readonly windows: WindowLogits;
  readonly decode: DecodePicture;
  readonly signal?: AbortSignal | undefined;
}

/** Scores a set, or goes on with it. */
export async function scoreSet(
  set: SegmentationSet,
  options: ScoringOptions & {
    /** Where it was left. */
    readonly before: ScoringState | null;
    /** Pictures that are segmented while others are. */
    readonly ahead: number;
    readonly onUnreadable: (picture: UnreadablePicture) => void;
    /** Told after every picture. */
    readonly onPicture: (state: () => ScoringState) => Promise<void>;
  },
): Promise<Scoring> {
  const { protocol, before, ahead, onUnreadable, onPicture, ...parts } = options;
  const { orientation } = protocol;
  const scorer = createSegmentationSetScorer({ classes: set.classes.length });
  if (before !== null) scorer.restore(before.scorer);
  const meanIous = [...(before?.meanIous ?? [])];
  const named = [...(before?.named ?? [])];
  let unreadable = before?.unreadable ?? 0;
  const rest = Array.from(
    { length: set.length - meanIous.length },
    (_, at) => meanIous.length + at,
  );
  const pictures = mapAhead(rest, {
    ahead,
    async map(index) {
      const sample = await readSample(set, { ...parts, index, orientation });
      if ("unreadable" in sample) return sample;
      const { windows: logits, signal } = parts;
      const settings = protocol.inference;
      return {
        ...sample,
        prediction: await segmentImage(sample.image, { logits, settings, signal }),
      };
    },
  });
  for await (const picture of pictures) {
    parts.signal?.throwIfAborted();
    if ("unreadable" in picture) {
      if (protocol.unreadable.val === "fail") throw unreadableError(picture.unreadable);
      const { index, key } = picture.unreadable;
      const reason = reasonOf(picture.unreadable);
      if (named.length < MAX_NAMED_PICTURES) named.push({ index, key, reason });
      unreadable++;
      meanIous.push(null);
      onUnreadable(picture.unreadable);
    } else {
      meanIous.push(scorer.add(picture.prediction, picture.label).meanIou);
    }
    await onPicture(() => ({ meanIous, scorer: scorer.state(), unreadable, named }));
  }
  const score = { pictures: set.length - unreadable, unreadable, ...scorer.score() };
  return { score, meanIous, unreadable: named };
}

/** The worst, the middle and the best pictures of a scoring, segmented once more by the same weights. */
export async function segmentExamples(
  set: SegmentationSet,
  {
    meanIous,
    protocol,
    windows: logits,
    decode,
    signal,
  }: ScoringOptions & Pick<Scoring, "meanIous">,
): Promise<readonly SegmentationExample[]> {
  const { orientation, inference: settings } = protocol;
  const colours = classColours(set.classes.length);
  const examples: SegmentationExample[] = [];
  for (const { index, place } of chooseExamples(meanIous)) {
    const { key } = await set.picture(index);
    const sample = await readSample(set, { decode, orientation, signal, index });
    if ("unreadable" in sample) throw unreadableError(sample.unreadable);
    const label = await segmentImage(sample.image, { logits, settings, signal });
    const prediction = encodeBase64(await encodeLabelPng(label, { colours }));
    examples.push({ index, key, place, meanIou: meanIous[index] ?? null, prediction });
  }
  return examples;
}
