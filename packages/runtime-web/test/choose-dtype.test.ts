import { expect, test } from "vitest";

import { chooseDtype } from "../src/choose-dtype.ts";

const GPU = {
  name: "a GPU",
  software: false,
  shaderF16: true,
  maxBufferBytes: 2 ** 31,
  maxBindingBytes: 2 ** 31,
};
const RIGHT = { error: 1e-6, attentionError: 1e-6, halfError: 1e-3 };

test("auto is f16 on a GPU that multiplies rightly in it, else f32", () => {
  expect(chooseDtype("auto", { adapter: GPU, probe: RIGHT })).toEqual({ dtype: "f16", notes: [] });
  const without = { ...GPU, shaderF16: false };
  expect(chooseDtype("auto", { adapter: without, probe: RIGHT }).dtype).toBe("f32");
  expect(chooseDtype("auto", { adapter: undefined, probe: undefined }).dtype).toBe("f32");
});

test.each([
  [0.3, /off by 3\.0e-1 of the largest/],
  [Infinity, /off by/],
  [undefined, /refuses a small graph in float16/],
])("with an error of %s auto is f32 with the reason, and f16 is refused", (halfError, reason) => {
  const provider = { adapter: GPU, probe: { ...RIGHT, halfError } };
  const { dtype, notes } = chooseDtype("auto", provider);
  expect(dtype).toBe("f32");
  expect(notes.join()).toMatch(reason);
  expect(() => chooseDtype("f16", provider)).toThrow(reason);
  expect(chooseDtype("q4", provider)).toEqual({ dtype: "q4", notes: [] });
});
