import { expect, it } from "vitest";

import { lossWeight } from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

it("weighs tokens by how many their sample has", () => {
  expect(lossWeight(16, "token")).toBe(1);
  expect(lossWeight(16, "sample")).toBe(1 / 16);
  expect(lossWeight(16, "square")).toBe(1 / 4);
});

it("gives a sample without trained tokens no weight", () => {
  for (const reduction of ["token", "sample", "square"] as const) {
    expect(lossWeight(0, reduction)).toBe(0);
  }
});

it("refuses counts that are none", async () => {
  for (const count of [-1, 2.5, Number.NaN]) {
    const error = await modelErrorOf(() => lossWeight(count, "square"));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain(`got ${count}`);
  }
});
