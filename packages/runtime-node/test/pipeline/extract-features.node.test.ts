import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

import {
  type BadPicture,
  createVisionEncoder,
  extractFeatures,
  planPreparation,
} from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  countingEncoder,
  PREPARATION,
  temporaryFolder,
  watchThreads,
  writePictures,
} from "./small-pictures.ts";

const preparation = PREPARATION;
const folder = temporaryFolder();
let pictures: Awaited<ReturnType<typeof writePictures>>;

beforeAll(async () => {
  pictures = await writePictures(folder.path, 600);
});
afterAll(() => folder[Symbol.dispose]());

/** The pictures' numbers as the features have them, in the order in which they came. */
async function numbersOf(extraction: ReturnType<typeof extractFeatures>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { features } of extraction) {
    const { data = new Float32Array() } = features.poolerOutput ?? {};
    for (let i = 0; i < data.length; i += 2) numbers.push(data[i] ?? -1);
  }
  return numbers;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("extractFeatures", () => {
  it("yields the pictures in order, whichever is ready first, from several encoders", async () => {
    const options = { onRun: () => sleep(Math.random() * 6) };
    const encoder = [countingEncoder(options), countingEncoder(options)];
    const run = extractFeatures(pictures, { encoder, preparation, batchSize: 7, workers: 3 });
    expect(await numbersOf(run)).toEqual(upTo(600));
    expect(encoder.every(({ runs }) => runs.length > 10)).toBe(true);
  });

  it("takes plain paths from an async iterable", async () => {
    async function* paths(): AsyncGenerator<string> {
      for (const { path } of pictures.slice(0, 5)) yield path;
    }
    const run = extractFeatures(paths(), { encoder: countingEncoder(), preparation, batchSize: 2 });
    const batches = [];
    for await (const batch of run) batches.push(batch);
    expect(batches.map(({ first }) => first)).toEqual([0, 2, 4]);
    expect(batches[2]?.pictures).toEqual([
      { key: pictures[4]?.path, path: pictures[4]?.path, position: 4 },
    ]);
  });

  it("gives what encode gives for the same pixels", async () => {
    await using encoder = await createVisionEncoder(fixturePath("tiny-layernorm"), {
      batchSize: 2,
    });
    const plan = planPreparation(undefined, { defaultSize: 112 });
    const files = ["photo-420.jpg", "rgb.png"].map((name) => fixturePath("images", name));
    const rows: number[][] = [];
    for (const batchSize of [1, 2]) {
      for await (const { features } of extractFeatures(files, {
        encoder,
        preparation: plan,
        batchSize,
      })) {
        rows.push([...(features.poolerOutput?.data ?? [])]);
      }
    }
    expect([...rows[0]!, ...rows[1]!]).toEqual(rows[2]);
    expect(rows[2]).toHaveLength(128);
  });

  it("leaves bad pictures out of their batch and moves nothing up", async () => {
    const files = pictures.slice(0, 12).map((picture) => ({ ...picture }));
    files[1] = { key: "gone.png", path: join(folder.path, "gone.png") };
    writeFileSync(join(folder.path, "broken.png"), "no picture");
    for (const i of [4, 5, 6, 7]) {
      files[i] = { key: `broken-${i}.png`, path: join(folder.path, "broken.png") };
    }
    const encoder = countingEncoder();
    const options = { encoder, preparation, batchSize: 4, onBadPicture: "skip" } as const;
    const batches = [];
    for await (const batch of extractFeatures(files, options)) batches.push(batch);
    expect([...encoder.runs].sort()).toEqual([3, 4]);
    expect(batches.map((batch) => batch.pictures.map(({ position }) => position))).toEqual([
      [0, 2, 3],
      [],
      [8, 9, 10, 11],
    ]);
    expect(batches[0]?.bad).toEqual([
      {
        position: 1,
        key: "gone.png",
        code: "not-found",
        message: "gone.png: expected an image file, found nothing",
      },
    ]);
    expect(batches[1]?.features).toEqual({});
    expect(batches[1]?.bad.map(({ code }) => code)).toEqual(Array(4).fill("unsupported"));
  });

  it("ends with the first bad picture unless it is told to skip", async () => {
    const files = [...pictures.slice(0, 8), join(folder.path, "gone.png"), ...pictures.slice(8)];
    const seen: number[] = [];
    const run = extractFeatures(files, { encoder: countingEncoder(), preparation, batchSize: 4 });
    const failure = (async () => {
      for await (const { first } of run) seen.push(first);
    })();
    await expect(failure).rejects.toMatchObject({ name: "PreprocessError", code: "not-found" });
    expect(seen).toEqual([0, 4]);
  });

  it("goes no further ahead of a slow consumer than a few batches", async () => {
    let taken = 0;
    function* source(): Generator<string> {
      for (const { path } of pictures) {
        taken++;
        yield path;
      }
    }
    const options = { encoder: countingEncoder(), preparation, batchSize: 4, workers: 2 };
    const iterator = extractFeatures(source(), options)[Symbol.asyncIterator]();
    await iterator.next();
    await sleep(300);
    const atRest = taken;
    await sleep(200);
    expect(taken).toBe(atRest);
    // Two runs of the encoder, two batches being prepared and the one beyond, in pictures.
    expect(taken).toBeLessThanOrEqual(4 * 7);
    await iterator.return?.();
  });

  it("ends at once with the signal's reason, and leaves no thread behind", async () => {
    await watchThreads(async (threads) => {
      const controller = new AbortController();
      const encoder = countingEncoder({ onRun: () => sleep(5000) });
      const { signal } = controller;
      const run = numbersOf(extractFeatures(pictures, { encoder, preparation, signal }));
      setTimeout(() => controller.abort(new Error("enough")), 200);
      const begin = performance.now();
      await expect(run).rejects.toThrow("enough");
      expect(performance.now() - begin).toBeLessThan(2000);
      expect(threads.length).toBeGreaterThan(0);
      expect(threads.every(({ threadId }) => threadId === -1)).toBe(true);
    });
  });

  it("does a picture again whose thread is ended by its id, and goes on", async () => {
    await watchThreads(async (threads) => {
      const options = { encoder: countingEncoder(), preparation, batchSize: 5, workers: 2 };
      const numbers: number[] = [];
      let ended = 0;
      for await (const { first, features } of extractFeatures(pictures, options)) {
        const { data = new Float32Array() } = features.poolerOutput ?? {};
        for (let i = 0; i < data.length; i += 2) numbers.push(data[i] ?? -1);
        if (first % 100 !== 0) continue;
        const victim = threads.findLast(({ threadId }) => threadId !== -1);
        const { threadId } = victim ?? {};
        await threads.find((thread) => thread.threadId === threadId)?.terminate();
        ended++;
      }
      expect(ended).toBe(6);
      expect(threads.length).toBeGreaterThanOrEqual(2 + ended - 1);
      expect(numbers).toEqual(upTo(600));
    });
  });

  it("gives up on a picture when two threads have died over it, and goes on", async () => {
    await watchThreads(async (threads) => {
      async function* source(): AsyncGenerator<string> {
        yield pictures[0]?.path ?? "";
        // The others come when the first one has had its two threads.
        while (threads.length < 3) await sleep(10);
        for (const { path } of pictures.slice(1, 40)) yield path;
      }
      // Before they can have prepared anything.
      const kill = (worker: Worker): void => {
        if (threads.length <= 2) setTimeout(() => void worker.terminate(), 5);
      };
      process.on("worker", kill);
      const options = { encoder: countingEncoder(), preparation, workers: 1 } as const;
      const bad: BadPicture[] = [];
      const good: number[] = [];
      const run = extractFeatures(source(), { ...options, onBadPicture: "skip" });
      for await (const batch of run) {
        bad.push(...batch.bad);
        good.push(...batch.pictures.map(({ position }) => position));
      }
      process.off("worker", kill);
      expect(bad).toMatchObject([{ position: 0, code: "worker-lost" }]);
      expect(bad[0]?.message).toMatch(/000000.png: the thread that prepared it died 2 times/);
      expect(good).toEqual(upTo(40).slice(1));
    });
  });

  it("says how busy each stage is while it runs", async () => {
    const encoder = countingEncoder({ onRun: () => sleep(20) });
    const run = extractFeatures(pictures.slice(0, 60), { encoder, preparation, batchSize: 4 });
    let seen = 0;
    for await (const { first } of run) {
      if (first < 40) continue;
      const { read, decode, preprocess, run: running, write } = run.loads();
      expect(Math.min(read.occupancy, decode.occupancy, preprocess.occupancy)).toBeGreaterThan(0);
      expect(running.occupancy).toBeGreaterThan(0);
      // Ten runs of 20 ms, two at the same time at most.
      expect(running.busyMilliseconds).toBeGreaterThan(90);
      expect(running).toMatchObject({ capacity: 1 });
      expect(write).toEqual({ busyMilliseconds: 0, capacity: 0, occupancy: 0 });
      seen++;
    }
    expect(seen).toBe(5);
  });

  it("refuses an encoder of another size, and none at all", () => {
    const wrong = planPreparation(undefined, { defaultSize: 16 });
    const encoder = countingEncoder();
    expect(() => extractFeatures(pictures, { encoder, preparation: wrong })).toThrow(
      /takes pictures of 8x8, but they are prepared as 16x16/,
    );
    expect(() => extractFeatures(pictures, { encoder: [], preparation })).toThrow(/empty list/);
    expect(() => extractFeatures(pictures, { encoder, preparation, batchSize: 0 })).toThrow(
      /batchSize is a whole number ≥ 1, got 0/,
    );
  });

  it("needs no more memory for 6,000 pictures than for 1,500", async () => {
    const many = Array.from({ length: 10 }, () => pictures).flat();
    const run = extractFeatures(many, { encoder: countingEncoder(), preparation, batchSize: 8 });
    let early = 0;
    let late = 0;
    for await (const { first } of run) {
      const { rss } = process.memoryUsage();
      if (first > 1000 && first < 1500) early = Math.max(early, rss);
      if (first > 5500) late = Math.max(late, rss);
    }
    expect(late / early).toBeLessThan(1.1);
  });
});
