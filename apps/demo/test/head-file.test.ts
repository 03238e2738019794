import { readFileSync } from "node:fs";

import { encodeSafetensors, type Tensor } from "@internvit/model-core";
import { fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { decodeHead, encodeHead, type StoredHead } from "../src/model/head-file.ts";

const STORED: StoredHead = {
  head: {
    classes: ["Äpfel", 'with "quotes"', "Class 3"],
    mean: Float32Array.of(1, 2, 3, 4),
    variance: Float32Array.of(1, 0.5, 0, 2),
    weight: Float32Array.from({ length: 12 }, (_, index) => index / 8 - 0.5),
    bias: Float32Array.of(0, 1, -1),
  },
  model: "InternViT of random weights",
};

test("a head comes back as it was stored", async () => {
  expect(await decodeHead(encodeHead(STORED), { name: "head.safetensors" })).toEqual(STORED);
});

test("the file has the tensors of the published linear probe", async () => {
  const bytes = Buffer.from(await encodeHead(STORED).arrayBuffer());
  const header = JSON.parse(
    bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString(),
  ) as Record<string, { readonly shape: readonly number[] }>;
  const shapes = Object.entries(header).map(([name, { shape }]) => [name, shape]);
  expect(Object.fromEntries(shapes)).toEqual({
    __metadata__: undefined,
    "norm.num_batches_tracked": [],
    "head.bias": [3],
    "head.weight": [3, 4],
    "norm.bias": [4],
    "norm.running_mean": [4],
    "norm.running_var": [4],
    "norm.weight": [4],
  });
});

test("what is no head says why", async () => {
  expect(await reason(new Blob([]))).toContain("no safetensors file, or a damaged one");
  expect(await reason(fileAt(fixturePath("images", "photo-420.jpg")))).toContain("no safetensors");
  expect(await reason(fileAt(fixturePath("tiny-layernorm", "model.safetensors")))).toBe(
    "x is no head of this page: its metadata do not say that it is one.",
  );
  const whole = encodeHead(STORED);
  expect(await reason(whole.slice(0, whole.size - 1))).toContain("damaged");
  const { head } = STORED;
  const changed = (changes: Partial<StoredHead["head"]>): Blob =>
    encodeHead({ ...STORED, head: { ...head, ...changes } });
  expect(await reason(changed({ mean: Float32Array.of(1, Number.NaN, 3, 4) }))).toContain(
    "norm.running_mean has values that are no numbers",
  );
  expect(await reason(changed({ variance: Float32Array.of(1, 1, 1, -1) }))).toContain(
    "negative variances",
  );
  const one = { classes: ["a"], weight: head.weight.slice(0, 4), bias: head.bias.slice(0, 1) };
  expect(await reason(changed(one))).toContain("do not name two classes or more");
  const floats: Tensor = { dtype: "float32", shape: [2], data: new Float32Array(2) };
  expect(await reason(fileWith("norm.running_mean", floats))).toContain(
    "it has no tensor norm.running_var of float32 numbers",
  );
});

async function reason(file: Blob): Promise<string> {
  return await decodeHead(file, { name: "x" }).then(
    () => "none",
    (error: Error) => error.message,
  );
}

function fileAt(path: string): Blob {
  return new Blob([readFileSync(path)]);
}

/** A file that says it is a head, with one tensor. */
function fileWith(name: string, tensor: Tensor): Blob {
  const metadata = { format: "internvit-linear-head", version: "1", classes: '["a","b"]' };
  return new Blob([...encodeSafetensors(new Map([[name, tensor]]), { metadata })] as BlobPart[]);
}
