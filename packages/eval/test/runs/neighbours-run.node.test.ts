import {
  encoderOutputs,
  memoryStorage,
  NAMED_PROTOCOLS,
  type NeighboursProtocol,
  runClassification,
} from "@internvit/eval";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { decodeSquare, squareSet } from "./square-set.ts";

const PROTOCOL = NAMED_PROTOCOLS["knn"] as NeighboursProtocol;

test("neighbours know the corner of a bright square, with a result for each number of them", async () => {
  await using encoder = await createVisionEncoder(fixturePath("tiny-layernorm"), {
    inputSize: { width: 42, height: 42 },
    outputs: encoderOutputs(PROTOCOL),
    batchSize: 8,
    threads: 1,
  });
  const orientations = new Set<string>();
  const outcome = await runClassification(
    { ...PROTOCOL, name: "near", neighbours: [1, 10] },
    {
      encoders: [encoder],
      runtime: createNodeRuntime({ threads: 1 }),
      // The published code decodes this set, and no other, with its orientation.
      train: squareSet({ name: "imagenet-1k", length: 300, seed: 1, broken: [3] }),
      val: [squareSet({ name: "val", length: 60, seed: 2, broken: [9] })],
      decode(bytes, { subject, orientation }) {
        orientations.add(`${subject.split("/")[0]} ${orientation}`);
        return decodeSquare(bytes);
      },
      storage: memoryStorage(),
    },
  );
  expect([...orientations]).toEqual(["imagenet-1k apply", "val ignore"]);
  expect(outcome.heads.map(({ name }) => name)).toEqual(["k = 1", "k = 10"]);
  for (const score of outcome.sets[0]!.scores) {
    expect(score).toMatchObject({ scored: 60, unreadable: 1 });
    expect(score.top1).toBeGreaterThan(90);
  }
});
