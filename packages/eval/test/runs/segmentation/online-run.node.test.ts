import {
  BEST_HEAD_FILE,
  classColours,
  createSegmenter,
  encodeLabelPng,
  HEAD_FILE,
  memoryStorage,
  readSegmentationHead,
  type RunEvent,
  runSegmentation,
  type SegmentationProtocol,
} from "@internvit/eval";
import { describe, expect, test } from "vitest";

import { diesAfterWrites } from "../mortal-storage.ts";
import { decodeScene } from "./scene-set.ts";
import { runTiny, tiny, tinyParts } from "./tiny-runs.ts";

const SETTINGS: readonly (readonly [string, SegmentationProtocol, readonly number[]])[] = [
  ["linear probing", tiny("report-linear"), [1, 8, 12, 20]],
  ["head tuning", tiny("report-head-tuning", { iterations: 2, scoreEvery: 1 }), [5, 15]],
  ["full tuning", tiny("report-full-tuning", { iterations: 2, head: { kind: "linear" } }), [4, 9]],
];

describe.each(SETTINGS)("%s", (_, protocol, kills) => {
  test("killed at any moment, it ends with the same heads and scores to the bit", async () => {
    const whole = memoryStorage();
    const options = { valPictures: { length: 3 } };
    const expected = await runTiny(protocol, { ...options, storage: whole });
    // Every step and every scored picture is written, so that writes are moments.
    for (const writes of kills) {
      const storage = memoryStorage();
      const mortal = diesAfterWrites(storage, writes);
      const dying = runTiny(protocol, { ...options, storage: mortal, checkpointMilliseconds: 0 });
      await expect(dying).rejects.toThrow("died");
      const resumed = await runTiny(protocol, { ...options, storage, resume: true });
      expect(resumed).toEqual({ ...expected, times: resumed.times });
      for (const file of [HEAD_FILE, BEST_HEAD_FILE]) {
        expect(await storage.read(file), `${file}, ${writes}`).toEqual(await whole.read(file));
      }
    }
  }, 60_000);
});

test("learns where bright and dark squares are, and keeps the best head", async () => {
  const storage = memoryStorage();
  const outcome = await runTiny(tiny("report-linear", { iterations: 60, scoreEvery: 20 }), {
    storage,
  });
  expect(outcome.heads.map(({ name }) => name)).toEqual(["best", "last"]);
  expect(outcome.heads[0]!.choice).toMatch(/^best mIoU of val, iteration \d+, as the published/);
  const [best, last] = outcome.val.scores;
  expect(best!.meanIou).toBeGreaterThan(0.5);
  expect(best!.meanIou).toBeGreaterThanOrEqual(last!.meanIou!);
  const curve = (name: string) => outcome.curves.find((each) => each.name === name)!.points;
  expect(curve("training loss")).toHaveLength(60);
  expect(curve("mIoU of val").map(([step]) => step)).toEqual([20, 40, 60]);
  expect(outcome.val.examples.map(({ place }) => place)).toEqual([
    "worst",
    "worst",
    "median",
    "best",
    "best",
  ]);
  expect(outcome.warnings).toEqual([
    "block 3 of 4: derived, not published; the published configurations are for 45 and 48",
  ]);
  const { facts } = await readSegmentationHead((await storage.read(HEAD_FILE))!, {
    subject: HEAD_FILE,
  });
  expect(facts).toMatchObject({
    form: { kind: "linear", width: 64, classes: 3 },
    classes: ["ground", "bright", "dark"],
    blocks: [3],
    iteration: 60,
    encoder: { name: "tiny", trained: false, config: { hidden_size: 64 } },
  });
}, 30_000);

test.each([
  tiny("report-linear", { iterations: 2 }),
  tiny("report-full-tuning", { iterations: 2, head: { kind: "linear" } }),
])("the best head's file segments the examples as the run did: $name", async (protocol) => {
  const parts = tinyParts();
  const { val } = await runSegmentation(protocol, parts);
  const subject = BEST_HEAD_FILE;
  const head = await readSegmentationHead((await parts.storage.read(subject))!, { subject });
  await using segmenter = await createSegmenter(parts.runtime, {
    head,
    openEncoders: parts.openEncoders,
  });
  const colours = classColours(3);
  for (const { index, prediction } of val.examples) {
    const image = await decodeScene(await parts.val.read(index), { subject });
    const png = await encodeLabelPng(await segmenter.segment(image), { colours });
    expect(Buffer.from(png).toString("base64")).toBe(prediction);
  }
  expect(val.examples.length).toBe(5);
});

test("pictures and labels that cannot be read are named once, and others take their places", async () => {
  const events: RunEvent[] = [];
  const storage = memoryStorage();
  const options = {
    pictures: { broken: [5], brokenLabels: [6], otherSize: [7] },
    valPictures: { broken: [1] },
  };
  const protocol = tiny("report-linear", { iterations: 8 });
  const outcome = await runTiny(protocol, {
    ...options,
    storage,
    onEvent: (event) => events.push(event),
  });
  const named = events.flatMap((event) => (event.kind === "unreadable" ? [event.picture.key] : []));
  expect(named.toSorted()).toEqual(["train/5", "train/6", "train/7", "val/1"]);
  expect(outcome.val.unreadable.map(({ key }) => key)).toEqual(["val/1"]);
  expect(outcome.val.scores[0]).toMatchObject({ pictures: 4, unreadable: 1 });
  expect(outcome.warnings[1]).toMatch(/^3 training pictures of train could not be read; others/);
  const failing = { ...protocol, unreadable: { train: "fail", val: "fail" } } as const;
  await expect(runTiny(failing, { pictures: { brokenLabels: [5] } })).rejects.toThrow(
    /train: train\/5.png: not a PNG/,
  );
  await expect(runTiny(failing, { valPictures: { otherSize: [4] } })).rejects.toThrow(
    /val: val\/4: expected labels of the picture's/,
  );
});

test("crops without a labelled pixel are no obstacle, and are counted", async () => {
  const all = Array.from({ length: 12 }, (_, index) => index);
  const outcome = await runTiny(tiny("report-linear", { iterations: 2 }), {
    pictures: { ignored: all },
  });
  expect(outcome.warnings[1]).toBe("4 of 4 training samples had no pixel that belongs to a class");
  expect(outcome.curves[0]!.points).toEqual([
    [1, 0],
    [2, 0],
  ]);
});

test("several encoders, and windows of other sizes than the crops", async () => {
  const protocol = tiny("report-head-tuning", { iterations: 2, batch: 6 });
  const one = await runTiny(protocol);
  const two = await runTiny(protocol, { encoders: 2 });
  expect(two).toEqual({ ...one, times: two.times });
  const whole = await runTiny({
    ...protocol,
    inference: { ...protocol.inference, mode: { kind: "whole" }, scales: [0.75, 1], flip: true },
  });
  expect(whole.val.scores[0]!.pictures).toBe(5);
});

test("a head may read a block twice", async () => {
  const protocol = tiny("report-head-tuning", { iterations: 1, blocks: [1, 1, 2, 3] });
  const { warnings } = await runTiny(protocol, { valPictures: { length: 1 } });
  expect(warnings).toEqual([]);
});

test("a training that leaves the range of numbers ends with its last good step kept", async () => {
  const storage = memoryStorage();
  const broken = tiny("report-linear", {
    iterations: 40,
    optimizer: { ...tiny("report-linear").optimizer, learningRate: 1e30 },
  });
  await expect(runTiny(broken, { storage })).rejects.toMatchObject({
    name: "EvalError",
    code: "invalid-data",
  });
  const state = JSON.parse(new TextDecoder().decode(await storage.read("state/state.json")));
  expect(state.facts.losses.length).toBeGreaterThan(0);
});
