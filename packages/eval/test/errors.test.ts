import { EvalError, isEvalError } from "@internvit/eval";
import { expect, test } from "vitest";

test("an error of this package is known by its name, from whichever copy it comes", () => {
  expect(isEvalError(new EvalError("io", "gone", { subject: "train.txt" }))).toBe(true);
  expect(isEvalError(Object.assign(new Error("gone"), { name: "EvalError" }))).toBe(true);
  expect(isEvalError(new Error("gone"))).toBe(false);
});
