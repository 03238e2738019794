import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";

import { createWireWriter } from "../../src/onnx/wire-writer.ts";

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

test("every form of a field has the bytes that @bufbuild/protobuf writes", () => {
  const integers = [0, 1, 127, 128, 300, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40 + 3, -1, -2];
  const numbers = [...integers, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  const floats = [0, -0, 1.5, -1e-30, 3.4e38, Infinity, Number.NaN];
  const texts = ["", "x", "layers.3/attention/MatMul:out", "Größe ✓", "y".repeat(300)];
  const ours = createWireWriter();
  const theirs = new BinaryWriter();
  const tag = (field: number, type: number): BinaryWriter => theirs.uint32((field << 3) | type);
  for (const value of numbers) {
    ours.int(2, value);
    tag(2, VARINT).int64(value);
  }
  for (const value of floats) {
    ours.float(15, value);
    tag(15, FIXED32).float(value);
  }
  for (const value of texts) {
    ours.string(16, value);
    tag(16, LENGTH).string(value);
  }
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  ours.bytes(3, bytes);
  tag(3, LENGTH).bytes(bytes);
  ours.message(2000, (inner) => {
    inner.string(1, "inside");
    inner.message(2, (deeper) => deeper.int(1, -5));
    inner.message(3, () => undefined);
  });
  tag(2000, LENGTH).fork();
  tag(1, LENGTH).string("inside");
  tag(2, LENGTH).fork();
  tag(1, VARINT).int64(-5);
  theirs.join();
  tag(3, LENGTH).fork();
  theirs.join();
  theirs.join();
  expect(ours.finish()).toEqual(theirs.finish());
});
