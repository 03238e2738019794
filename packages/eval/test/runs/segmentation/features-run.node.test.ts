import {
  type FeatureSegmentationProtocol,
  HEAD_FILE,
  memoryStorage,
  type RunEvent,
} from "@internvit/eval";
import { expect, test } from "vitest";

import { diesAfterWrites } from "../mortal-storage.ts";
import { runTiny, tiny } from "./tiny-runs.ts";

const FAST = tiny<FeatureSegmentationProtocol>("fast-linear", { iterations: 4 });

test("learns from kept features, also of fewer pictures and in float32", async () => {
  const trained = await runTiny({ ...FAST, iterations: 60 });
  expect(trained.heads.map(({ choice }) => choice)).toEqual(["last iteration, 60"]);
  expect(trained.val.scores[0]!.meanIou).toBeGreaterThan(0.5);
  const storage = memoryStorage();
  const few = await runTiny({ ...FAST, pictures: 4, stored: "float32" }, { storage });
  expect(few.curves[0]!.points).toHaveLength(4);
  const note = await storage.read("features/patches/note-000000.json");
  expect(JSON.parse(new TextDecoder().decode(note)).pictures).toHaveLength(4);
});

test("killed at any moment, it ends with the same head and scores to the bit", async () => {
  const whole = memoryStorage();
  const options = { pictures: { broken: [3] } };
  const expected = await runTiny(FAST, { ...options, storage: whole });
  for (const writes of [7, 17, 25]) {
    const storage = memoryStorage();
    const mortal = diesAfterWrites(storage, writes);
    const dying = runTiny(FAST, { ...options, storage: mortal, checkpointMilliseconds: 0 });
    await expect(dying).rejects.toThrow("died");
    const resumed = await runTiny(FAST, { ...options, storage, resume: true });
    expect(resumed).toEqual({ ...expected, times: resumed.times });
    expect(await storage.read(HEAD_FILE)).toEqual(await whole.read(HEAD_FILE));
  }
});

test("pictures that cannot be read are told and left out", async () => {
  const events: RunEvent[] = [];
  const outcome = await runTiny(FAST, {
    pictures: { broken: [3], brokenLabels: [4] },
    onEvent: (event) => events.push(event),
  });
  const named = events.flatMap((event) => (event.kind === "unreadable" ? [event.picture.key] : []));
  expect(named.toSorted()).toEqual(["train/3", "train/4"]);
  expect(outcome.warnings[1]).toMatch(/^2 training pictures of train could not be read; the run/);
  await expect(
    runTiny({ ...FAST, unreadable: { train: "fail", val: "fail" } }, { pictures: { broken: [3] } }),
  ).rejects.toThrow(/train\/3: no picture/);
});
