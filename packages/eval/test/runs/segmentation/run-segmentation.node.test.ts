import {
  type FeatureSegmentationProtocol,
  memoryStorage,
  type OnlineSegmentationProtocol,
  planSegmentation,
  type SegmentationProtocol,
} from "@internvit/eval";
import { expect, test } from "vitest";

import { runTiny, tiny, tinyParts } from "./tiny-runs.ts";

const LINEAR: OnlineSegmentationProtocol = tiny<OnlineSegmentationProtocol>("report-linear", {
  iterations: 2,
});

const NOTHING = { openEncoders: () => Promise.reject(new Error("too late")) };

test("refuses what does not fit before anything is computed", async () => {
  const refused = async (
    change: Partial<OnlineSegmentationProtocol>,
    expected: string,
  ): Promise<void> => {
    await expect(runTiny({ ...LINEAR, ...change }, NOTHING)).rejects.toThrow(expected);
  };
  await refused({ cropSize: 60 }, "cropSize: expected a multiple of the patch, 14 pixels, got 60");
  await refused({ blocks: [4] }, "blocks: expected numbers from 0 to 3");
  await refused({ blocks: [1, 2] }, "blocks: the linear head reads 1, got 2");
  await refused({ batch: 13 }, "expected at least one batch of 13 readable training pictures");
  await expect(runTiny(LINEAR, { valPictures: { classes: ["ground", "dark"] } })).rejects.toThrow(
    "val: expected the classes of the training set train; label 1 is dark in it and bright in the training set",
  );
});

test("a storage of another run is refused, naming what differs, and so is one that is not resumed", async () => {
  const storage = memoryStorage();
  const { times: _, ...first } = await runTiny(LINEAR, { storage });
  await expect(runTiny(LINEAR, { storage, subject: "out" })).rejects.toThrow(
    "out holds this run already",
  );
  await expect(runTiny({ ...LINEAR, seed: 1 }, { storage, resume: true })).rejects.toThrow(
    "the storage holds another run: protocol.seed is 0 there and 1 here",
  );
  const other = { model: { name: "other", checkpointHash: null }, pictures: { seed: 9 } };
  await expect(runTiny(LINEAR, { storage, resume: true, ...other })).rejects.toThrow(
    /model.name is "tiny" there and "other" here; train.listHash is/,
  );
  expect(await runTiny(LINEAR, { storage, resume: true })).toMatchObject(first);
});

test("a run that is stopped rejects with the signal's reason and goes on from there", async () => {
  const storage = memoryStorage();
  const control = new AbortController();
  const stopped = runTiny(LINEAR, {
    storage,
    checkpointMilliseconds: 0,
    signal: control.signal,
    onEvent: (event) => {
      if (event.kind === "progress" && event.stage === "evaluate") control.abort(new Error("stop"));
    },
  });
  await expect(stopped).rejects.toThrow("stop");
  const resumed = await runTiny(LINEAR, { storage, resume: true });
  expect(resumed.times.resumed).toBe(1);
});

test.each<readonly [SegmentationProtocol, object]>([
  [
    tiny("report-linear", { iterations: 5 }),
    { train: { pictures: 12, encoded: 10 }, val: { name: "val", pictures: 5, scorings: 3 } },
  ],
  [
    tiny("report-full-tuning", { iterations: 5 }),
    { blocks: [0, 1, 2, 3], train: { pictures: 12, encoded: 10 } },
  ],
  [
    tiny<FeatureSegmentationProtocol>("fast-linear", { pictures: 7 }),
    { train: { pictures: 7, encoded: 7 }, val: { name: "val", pictures: 5, scorings: 1 } },
  ],
])("plans a run without writing: %#", async (protocol, expected) => {
  const { storage: _, decode: __, ...parts } = tinyParts();
  const plan = await planSegmentation(protocol, parts);
  expect(plan).toMatchObject({ derived: true, ...expected });
  const { iteration, picture } = plan.costs;
  for (const value of [iteration, picture, plan.milliseconds, plan.diskBytes, plan.memoryBytes]) {
    expect(value).toBeGreaterThan(0);
  }
});
