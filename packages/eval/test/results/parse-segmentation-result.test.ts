import {
  encodeResult,
  hashResult,
  parseEvaluationResult,
  parseSegmentationResult,
  type SegmentationSetResult,
} from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleResult } from "./sample-result.ts";
import { sampleSegmentation } from "./sample-segmentation.ts";

const subject = "a.json";
const sample = await sampleSegmentation({ unreadableEvery: 5 });
const [score] = sample.val.scores;

test("what was written is read again, whichever kind it is of", async () => {
  const text = encodeResult(sample);
  const read = parseEvaluationResult(JSON.parse(text), { subject });
  expect(read).toEqual(sample);
  expect(await hashResult(read)).toBe(await hashResult(sample));
  const other = sampleResult();
  expect(parseEvaluationResult(JSON.parse(encodeResult(other)), { subject })).toEqual(other);
});

test.each([
  [{ format: "something" }, 'format: expected "internvit-segmentation-result"'],
  [{ seed: -1 }, "seed:"],
  [{ extra: 1 }, "extra"],
  [{ heads: [] }, "heads:"],
  [{ grid: [] }, "grid"],
])("refuses %j and names the field", (change, problem) => {
  const refuse = () => parseSegmentationResult({ ...sample, ...change }, { subject });
  expect(refuse).toThrow(problem);
  expect(refuse).toThrow("a.json: not a result");
});

test("says which formats there are", () => {
  expect(() => parseEvaluationResult({}, { subject })).toThrow(
    'a.json: not a result of an evaluation; format: expected "internvit-classification-result" or "internvit-segmentation-result", found undefined',
  );
});

test("a newer version is unsupported, not damaged", () => {
  const refusal = expect.objectContaining({ name: "EvalError", code: "unsupported" });
  expect(() => parseEvaluationResult({ ...sample, version: 2 }, { subject })).toThrow(refusal);
});

test("refuses what cannot be true of any run", () => {
  const refused = (change: Partial<SegmentationSetResult>) => () =>
    parseSegmentationResult({ ...sample, val: { ...sample.val, ...change } }, { subject });
  const scored = (change: object) => refused({ scores: [{ ...score!, ...change }] });
  const classes = (change: object) => scored({ perClass: { ...score!.perClass, ...change } });
  const { iou, intersection, boundaryIou } = score!.perClass;
  const [example] = sample.val.examples;

  expect(refused({})).not.toThrow();
  expect(refused({ scores: [] })).toThrow("expected 1 scores, one per head, found 0");
  expect(refused({ classes: ["one"] })).toThrow("expected 11 class names, found 1");
  expect(scored({ pictures: 12 })).toThrow("12 scored and 2 unreadable pictures of 12");
  expect(scored({ pictures: 11, unreadable: 1 })).toThrow("2 of them by name");
  expect(scored({ meanIou: 0.99 })).toThrow("meanIou 0.99 is not that of its classes");
  expect(scored({ meanAccuracy: null })).toThrow("meanAccuracy null is not");
  expect(scored({ pixelAccuracy: 0 })).toThrow("pixelAccuracy 0 is not");
  expect(classes({ iou: iou.with(1, 0.5) })).toThrow(
    "perClass.iou.1 0.5 is not that of its pixels",
  );
  expect(classes({ iou: iou.slice(1) })).toThrow("expected values of 11 classes, found 10");
  expect(classes({ intersection: intersection.with(2, 1e9) })).toThrow(
    "class 2: more right pixels",
  );
  expect(classes({ boundaryIou: boundaryIou.with(0, 0) })).toThrow("boundaryIou");
  expect(refused({ examples: [{ ...example!, index: 12 }] })).toThrow("picture 12 of 12");
  expect(refused({ examples: [example!, example!] })).toThrow("a picture stands there twice");
});
