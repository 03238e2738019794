import { createRandom } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { createZeroCheck } from "../../src/node/zero-check.ts";

const TENSORS = [
  { name: "matrix", shape: [4, 8], start: 10, byteLength: 64 },
  { name: "bias", shape: [16], start: 74, byteLength: 32 },
  { name: "token", shape: [1, 1, 16], start: 106, byteLength: 32 },
  { name: "kernel", shape: [2, 3, 2, 2], start: 138, byteLength: 48 },
];

test("only matrices of nothing but zeros are named, however the bytes arrive", () => {
  const random = createRandom(9);
  for (let round = 0; round < 500; round++) {
    const bytes = new Uint8Array(200);
    const expected: string[] = [];
    for (const { name, shape, start, byteLength } of TENSORS) {
      if (random.next() < 0.5) bytes[start + random.below(byteLength)] = 1;
      else if (shape.filter((size) => size > 1).length > 1) expected.push(name);
    }
    const check = createZeroCheck(TENSORS);
    for (let position = 0; position < bytes.byteLength;) {
      const end = position + 1 + random.below(80);
      check.note(bytes.subarray(position, end), position);
      position = end;
    }
    expect(check.allZero()).toEqual(expected);
  }
});
