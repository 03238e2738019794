import {
  encoderOutputs,
  memoryStorage,
  NAMED_PROTOCOLS,
  type OnlineProtocol,
  runClassification,
  type RunEvent,
  type RunOptions,
} from "@internvit/eval";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { diesAfterWrites } from "./mortal-storage.ts";
import { decodeSquare, squareSet, type SquareSetOptions } from "./square-set.ts";

/** The report's, with less to do and without what makes left right. */
function small(name: string, change: Partial<OnlineProtocol>): OnlineProtocol {
  return {
    ...(NAMED_PROTOCOLS[name] as OnlineProtocol),
    epochs: 3,
    batch: 32,
    learningRate: 1,
    augmentation: { crop: { scale: [0.8, 1], ratio: [1, 1] }, flip: 0 },
    ...change,
  };
}

async function run(
  protocol: OnlineProtocol,
  options: Partial<RunOptions> & {
    readonly resume?: boolean;
    readonly pictures?: Partial<SquareSetOptions>;
    readonly valPictures?: Partial<SquareSetOptions>;
  } = {},
) {
  const { pictures, valPictures, ...rest } = options;
  await using encoder = await createVisionEncoder(fixturePath("tiny-layernorm"), {
    inputSize: { width: 42, height: 42 },
    outputs: encoderOutputs(protocol),
    batchSize: 8,
    threads: 1,
  });
  return await runClassification(protocol, {
    encoders: [encoder],
    runtime: createNodeRuntime({ threads: 1 }),
    train: squareSet({ name: "train", length: 200, seed: 1, ...pictures }),
    val: [squareSet({ name: "val", length: 40, seed: 2, ...valPictures })],
    decode: decodeSquare,
    storage: memoryStorage(),
    ...rest,
  });
}

describe.each(["report-linear", "report-attention-pooling"])("%s", (name) => {
  test("learns the corner of a bright square completely", async () => {
    const outcome = await run(
      small(name, {
        epochs: 6,
        optimizer: {
          ...(NAMED_PROTOCOLS[name] as OnlineProtocol).optimizer,
          averageDecay: 0.9,
        },
      }),
    );
    expect(outcome.heads.map((head) => head.name)).toEqual([
      "raw",
      "average",
      "raw, best epoch",
      "average, best epoch",
    ]);
    expect(outcome.sets[0]!.scores.map(({ top1 }) => top1)).toEqual([100, 100, 100, 100]);
  });

  test("killed at any moment, it ends with the same heads and scores to the bit", async () => {
    const protocol = small(name, { epochs: 2 });
    const whole = memoryStorage();
    const expected = await run(protocol, { storage: whole });
    for (const writes of [5, 22]) {
      const storage = memoryStorage();
      const mortal = diesAfterWrites(storage, writes);
      await expect(run(protocol, { storage: mortal, checkpointMilliseconds: 0 })).rejects.toThrow(
        "died",
      );
      const resumed = await run(protocol, { storage, resume: true });
      expect(resumed).toEqual({ ...expected, times: resumed.times });
      for (const file of ["head.safetensors", "head-average-best.safetensors"]) {
        expect(await storage.read(file)).toEqual(await whole.read(file));
      }
    }
  });
});

test("a picture that cannot be read is named once, and the next one takes its place", async () => {
  const events: RunEvent[] = [];
  const { sets, warnings } = await run(small("report-attention-pooling", {}), {
    pictures: { broken: [5, 6] },
    valPictures: { broken: [11] },
    onEvent: (event) => events.push(event),
  });
  const named = events.flatMap((event) => (event.kind === "unreadable" ? [event.picture.key] : []));
  expect(named.toSorted()).toEqual(["train/5", "train/6", "val/11"]);
  expect(sets[0]!.unreadable.map(({ key }) => key)).toEqual(["val/11"]);
  expect(warnings[0]).toMatch(
    /^2 training pictures of train could not be read; others took the places: train\/5, train\/6\./,
  );
  await expect(
    run(small("report-linear", { unreadable: { train: "fail", val: "wrong" } }), {
      pictures: { broken: [5] },
    }),
  ).rejects.toThrow(/train\/5/);
});
