// Which blocks of the encoder a head reads. Reference: out_indices of OpenGVLab/InternVL,
// segmentation/configs/intern_vit_6b, for encoders of 45 and of 48 blocks. With 48, the published linear probe reads block
// 44 and not the last one; that is kept. For other depths the rule behind these lists is applied: the last block, or four
// at equal distances of which the last is the last block.

import type { EncoderConfig } from "@internvit/model-core";

import { EvalError } from "../../errors.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";

/** Blocks from 0, as `CommonSegmentationProtocol.blocks` says. */
export interface SegmentationBlocks {
  readonly blocks: readonly number[];
  /** Whether they follow from the published rule, for a depth that nothing was published for. */
  readonly derived: boolean;
}

const PUBLISHED: Readonly<
  Record<number, Readonly<Record<"linear" | "upernet", readonly number[]>>>
> = {
  45: { linear: [44], upernet: [11, 22, 33, 44] },
  48: { linear: [44], upernet: [11, 23, 35, 47] },
};

/**
 * The blocks that a protocol's head reads of an encoder.
 *
 * @throws EvalError `invalid-argument` for blocks that the encoder does not have, or another number than the head reads
 */
export function segmentationBlocks(
  { blocks, head }: Pick<SegmentationProtocol, "blocks" | "head">,
  { numHiddenLayers: depth }: Pick<EncoderConfig, "numHiddenLayers">,
): SegmentationBlocks {
  if (blocks === "published") {
    const published = PUBLISHED[depth]?.[head.kind];
    return published === undefined
      ? { blocks: derivedBlocks(head.kind, depth), derived: true }
      : { blocks: published, derived: false };
  }
  const expected = head.kind === "linear" ? 1 : 4;
  if (blocks.length !== expected) {
    throw new EvalError(
      "invalid-argument",
      `blocks: the ${head.kind} head reads ${expected}, got ${blocks.length}: ${blocks.join(", ")}`,
      { subject: "blocks" },
    );
  }
  const outside = blocks.find((block) => block >= depth);
  if (outside !== undefined) {
    throw new EvalError(
      "invalid-argument",
      `blocks: expected numbers from 0 to ${depth - 1}, the encoder's blocks, got ${outside}`,
      { subject: "blocks" },
    );
  }
  return { blocks, derived: false };
}

function derivedBlocks(head: "linear" | "upernet", depth: number): readonly number[] {
  if (head === "linear") return [depth - 1];
  return [1, 2, 3, 4].map((part) => Math.floor((part * (depth - 1)) / 4));
}
