import { segmentationBlocks, type SegmentationProtocol } from "@internvit/eval";
import { expect, test } from "vitest";

const upernet = { kind: "upernet", channels: 8, auxiliaryLevel: 1 } as const;
const linear = { kind: "linear" } as const;

function blocksOf(
  head: SegmentationProtocol["head"],
  numHiddenLayers: number,
  blocks: SegmentationProtocol["blocks"] = "published",
) {
  return segmentationBlocks({ blocks, head }, { numHiddenLayers });
}

test("encoders of 45 and 48 blocks are read where the published configurations read them", () => {
  expect(blocksOf(linear, 45)).toEqual({ blocks: [44], derived: false });
  expect(blocksOf(linear, 48)).toEqual({ blocks: [44], derived: false });
  expect(blocksOf(upernet, 45)).toEqual({ blocks: [11, 22, 33, 44], derived: false });
  expect(blocksOf(upernet, 48)).toEqual({ blocks: [11, 23, 35, 47], derived: false });
});

test("for other depths the blocks are derived, and said to be", () => {
  expect(blocksOf(linear, 24)).toEqual({ blocks: [23], derived: true });
  expect(blocksOf(upernet, 24)).toEqual({ blocks: [5, 11, 17, 23], derived: true });
  expect(blocksOf(upernet, 12)).toEqual({ blocks: [2, 5, 8, 11], derived: true });
  expect(blocksOf(upernet, 1)).toEqual({ blocks: [0, 0, 0, 0], derived: true });
});

test("blocks of one's own are taken as they are, where the encoder has them and the head reads so many", () => {
  expect(blocksOf(linear, 12, [3])).toEqual({ blocks: [3], derived: false });
  expect(() => blocksOf(linear, 12, [12])).toThrow(
    "blocks: expected numbers from 0 to 11, the encoder's blocks, got 12",
  );
  expect(() => blocksOf(upernet, 12, [3, 5])).toThrow(
    "blocks: the upernet head reads 4, got 2: 3, 5",
  );
});
