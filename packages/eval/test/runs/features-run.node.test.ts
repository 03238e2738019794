import {
  encoderOutputs,
  type FeaturesProtocol,
  memoryStorage,
  NAMED_PROTOCOLS,
  runClassification,
  type RunEvent,
  type RunStorage,
} from "@internvit/eval";
import type { VisionEncoder } from "@internvit/model-core";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { diesAfterWrites } from "./mortal-storage.ts";
import { decodeSquare, squareSet, type SquareSetOptions } from "./square-set.ts";

const PROTOCOL: FeaturesProtocol = {
  ...(NAMED_PROTOCOLS["fast-linear"] as FeaturesProtocol),
  name: "small",
  epochs: 16,
  batch: 32,
  heldOut: { share: 0.2 },
  grid: { learningRates: [0.1, 1], weightDecays: [0, 0.001] },
};

/** Where it does not matter what is learnt. */
const SHORT: FeaturesProtocol = { ...PROTOCOL, epochs: 2 };

describe("a run over features", () => {
  let encoder: VisionEncoder;
  beforeAll(async () => {
    encoder = await createVisionEncoder(fixturePath("tiny-layernorm"), {
      inputSize: { width: 42, height: 42 },
      outputs: encoderOutputs(PROTOCOL),
      batchSize: 8,
      threads: 1,
    });
  });
  afterAll(() => encoder.dispose());

  const run = (
    sets: { readonly train?: Partial<SquareSetOptions>; readonly val?: Partial<SquareSetOptions> },
    options: {
      readonly protocol?: FeaturesProtocol;
      readonly storage?: RunStorage;
      readonly resume?: boolean;
      readonly signal?: AbortSignal;
      readonly checkpointMilliseconds?: number;
      readonly onEvent?: (event: RunEvent) => void;
    } = {},
  ) =>
    runClassification(options.protocol ?? PROTOCOL, {
      encoders: [encoder],
      runtime: createNodeRuntime({ threads: 1 }),
      train: squareSet({ name: "train", length: 420, seed: 1, ...sets.train }),
      val: [squareSet({ name: "val", length: 80, seed: 2, ...sets.val })],
      decode: decodeSquare,
      storage: memoryStorage(),
      ...options,
    });

  test("learns the corner of a bright square completely", async () => {
    const { sets, grid, heads } = await run({});
    expect(sets[0]!.scores[0]).toMatchObject({ top1: 100, scored: 80, unreadable: 0 });
    expect(grid.map(({ chosen }) => chosen).filter(Boolean)).toHaveLength(1);
    expect(grid).toHaveLength(4);
    expect(heads).toEqual([{ name: "raw", epoch: 16, choice: "best held-out score of the grid" }]);
  });

  test("learns nothing from labels that say nothing", async () => {
    const { sets } = await run({ train: { shuffledLabels: true }, val: { length: 200 } });
    const deviation = 100 * Math.sqrt((0.25 * 0.75) / 200);
    expect(Math.abs(sets[0]!.scores[0]!.top1! - 25)).toBeLessThan(3 * deviation);
  });

  test("killed at any moment, it ends with the same head and scores to the bit", async () => {
    const protocol = SHORT;
    const whole = memoryStorage();
    const expected = await run({}, { protocol, storage: whole });
    for (const writes of [1, 9, 31]) {
      const storage = memoryStorage();
      const mortal = diesAfterWrites(storage, writes);
      await expect(
        run({}, { protocol, storage: mortal, checkpointMilliseconds: 0 }),
      ).rejects.toThrow("died");
      const resumed = await run({}, { protocol, storage, resume: true });
      expect(resumed).toEqual({ ...expected, times: resumed.times });
      expect(await storage.read("head.safetensors")).toEqual(await whole.read("head.safetensors"));
    }
  });

  test("several updates in one run give the head and the scores of single ones", async () => {
    const protocol = { ...PROTOCOL, epochs: 8 };
    const [many, single] = [memoryStorage(), memoryStorage()];
    const expected = await run({}, { protocol, storage: single, checkpointMilliseconds: 0 });
    const found = await run({}, { protocol, storage: many });
    expect(found).toEqual({ ...expected, times: found.times });
    expect(await many.read("head.safetensors")).toEqual(await single.read("head.safetensors"));
  });

  test("features that are stored are not computed again", async () => {
    const storage = memoryStorage();
    const protocol = SHORT;
    const before: number[] = [];
    await run({ train: { onRead: (index) => before.push(index) } }, { storage, protocol });
    const after: number[] = [];
    const onRead = (index: number): void => void after.push(index);
    await run({ train: { onRead }, val: { onRead } }, { storage, protocol, resume: true });
    expect([before.length, after.length]).toEqual([420, 0]);
  });

  test("the time of features counts, also when the run was killed before its first checkpoint", async () => {
    const storage = memoryStorage();
    const protocol = SHORT;
    // The identity, and two files for each of three shards.
    await expect(run({}, { protocol, storage: diesAfterWrites(storage, 7) })).rejects.toThrow(
      "died",
    );
    const { times } = await run({}, { protocol, storage, resume: true });
    let seconds = 0;
    for (const part of ["train", "held-out", "val-val"]) {
      const bytes = await storage.read(`features/${part}/00000.json`);
      seconds += (JSON.parse(new TextDecoder().decode(bytes)) as { seconds: number }).seconds;
    }
    expect(seconds).toBeGreaterThan(0);
    expect(times.parts[0]).toEqual({ name: "features", seconds });
  });

  test("a run is not gone on with by another protocol, another set, or by accident", async () => {
    const storage = memoryStorage();
    const protocol = { ...PROTOCOL, epochs: 1 };
    await run({}, { storage, protocol });
    await expect(run({}, { storage, protocol, resume: false })).rejects.toThrow(/holds this run/);
    await expect(run({}, { storage, resume: true })).rejects.toThrow(
      /protocol\.epochs is 1 there and 16 here/,
    );
    await expect(run({ val: { seed: 9 } }, { storage, protocol, resume: true })).rejects.toThrow(
      /val/,
    );
  });

  test("unreadable pictures are named, left out of training and wrong in validation", async () => {
    const events: RunEvent[] = [];
    const { sets, warnings } = await run(
      { train: { broken: [7] }, val: { broken: [3, 60] } },
      { protocol: SHORT, onEvent: (event) => events.push(event) },
    );
    const named = events.flatMap((event) => (event.kind === "unreadable" ? [event.picture] : []));
    expect(named.map(({ key }) => key)).toEqual(["train/7", "val/3", "val/60"]);
    expect(sets[0]!.scores[0]).toMatchObject({ scored: 80, unreadable: 2 });
    // Its name stands beside the reason.
    expect(sets[0]!.unreadable[0]).toEqual({ index: 3, key: "val/3", reason: "no picture" });
    expect(warnings).toEqual([
      "1 training picture of train could not be read; the run did without: train/7. The first: no picture",
    ]);
    const unreadable = { train: "leave-out", val: "fail" } as const;
    await expect(
      run({ val: { broken: [3] } }, { protocol: { ...SHORT, unreadable } }),
    ).rejects.toThrow(/val\/3/);
  });

  test("says how far it is, and how long the whole run takes", async () => {
    const events: RunEvent[] = [];
    await run({}, { protocol: SHORT, onEvent: (event) => events.push(event) });
    const progress = events.filter((event) => event.kind === "progress");
    for (const stage of ["encode-train", "encode-held-out", "encode-val", "train"]) {
      const own = progress.filter((event) => event.stage === stage);
      expect(own.at(-1)).toMatchObject({ done: own[0]!.total, total: own[0]!.total });
    }
    expect(progress.at(-1)!.remainingMilliseconds).toBe(0);
  });

  test("ends when it is told to, and goes on from there", async () => {
    const storage = memoryStorage();
    const controller = new AbortController();
    const reason = new Error("enough");
    const onEvent = (event: RunEvent): void => {
      if (event.kind === "progress" && event.stage === "train" && event.done === 15) {
        controller.abort(reason);
      }
    };
    const { signal } = controller;
    const ended = run({}, { protocol: SHORT, storage, signal, onEvent, checkpointMilliseconds: 0 });
    await expect(ended).rejects.toBe(reason);
    const done: number[] = [];
    await run(
      {},
      {
        protocol: SHORT,
        storage,
        resume: true,
        onEvent: (event) =>
          event.kind === "progress" && event.stage === "train" && done.push(event.done),
      },
    );
    // What is measured is saved after it was told: one step may be done again.
    expect(done[0]).toBeGreaterThanOrEqual(14);
    expect(done.at(-1)).toBe(20);
  });
});
