import { encodeResult, hashResult, parseResult } from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleResult, sampleSet } from "./sample-result.ts";

const subject = "a.json";
const parsed = (text: string): unknown => JSON.parse(text) as unknown;

test("what was written is read again, and equal results are equal texts", async () => {
  const result = sampleResult();
  const text = encodeResult(result);
  expect(parseResult(parsed(text), { subject })).toEqual(result);
  const { protocol, ...rest } = result;
  expect(encodeResult({ protocol, ...rest })).toBe(text);
  expect(await hashResult(parseResult(parsed(text), { subject }))).toBe(await hashResult(result));
});

test.each([
  [{ format: "something" }, 'format: expected "internvit-classification-result"'],
  [{ seed: -1 }, "seed:"],
  [{ finished: "yesterday" }, "finished:"],
  [{ protocol: { ...sampleResult().protocol, hash: "0" } }, "protocol.hash: expected a SHA-256"],
  [{ extra: 1 }, "extra"],
  [{ heads: [] }, "heads:"],
])("refuses %j and names the field", (change, problem) => {
  const refuse = () => parseResult({ ...sampleResult(), ...change }, { subject });
  expect(refuse).toThrow(problem);
  expect(refuse).toThrow("a.json: not a result");
});

test("refuses what cannot be true of any run", () => {
  const set = sampleSet({ name: "cifar10", length: 100 });
  const [score] = set.scores;
  const refused = (change: object) => () =>
    parseResult(sampleResult([], { sets: [{ ...set, ...change }] }), { subject });
  expect(refused({})).not.toThrow();
  expect(refused({ scores: [{ ...score!, top1: 99 }] })).toThrow("top1 99 is not");
  expect(refused({ scores: [{ ...score!, scored: 99 }] })).toThrow("of 100");
  expect(refused({ scores: [] })).toThrow("expected 1 scores, one per head, found 0");
  expect(refused({ classes: ["one"] })).toThrow("expected 10 class names, found 1");
});

test("a newer version is unsupported, not damaged", () => {
  const newer = { ...sampleResult(), version: 2 };
  const refusal = expect.objectContaining({ name: "EvalError", code: "unsupported" });
  expect(() => parseResult(newer, { subject })).toThrow(refusal);
});
